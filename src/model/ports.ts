import type { AppFields } from "../generated/app.ts";
import { portsOf as portsIn } from "../lib/volumes.ts";

/** Where an app listens in its container; a single port has no name. */
export interface Port {
  readonly name?: string;
  readonly number: number;
}

export type Protocol = "http" | "tcp";

/** In their order; the first is the default. */
export const portsOf = ({ port }: Pick<AppFields, "port">): readonly Port[] => portsIn(port);

/** The port of a name, or the first. */
export function portCalled(fields: Pick<AppFields, "port">, name?: string): Port | undefined {
  const ports = portsOf(fields);
  return name === undefined ? ports[0] : ports.find((port) => port.name === name);
}

/** As declared, else http where a route leads, else tcp. */
export function protocolOf(fields: AppFields, port: Port): Protocol {
  const declared = saidOf(fields, fields.protocol, port)?.value;
  if (declared !== undefined) return declared === "http" ? "http" : "tcp";
  return isRouted(fields, port) ? "http" : "tcp";
}

const isRouted = (fields: AppFields, port: Port): boolean =>
  (fields.routes ?? []).some(
    (route) =>
      route.redirect === undefined && portCalled(fields, route.port)?.number === port.number,
  );

/** What a key says of a port, and its own path below: a single word is about the first port, but `off` about all. */
export function saidOf<Value extends number | string>(
  fields: Pick<AppFields, "port">,
  declared: Value | Readonly<Record<string, Value>> | undefined,
  port: Port,
): { readonly value: Value; readonly path: readonly string[] } | undefined {
  if (declared === undefined) return undefined;
  if (typeof declared === "object") {
    const { name = "" } = port;
    const value = Object.hasOwn(declared, name) ? declared[name] : undefined;
    return value === undefined ? undefined : { value, path: [name] };
  }
  const isAbout = declared === "off" || portCalled(fields)?.name === port.name;
  return isAbout ? { value: declared, path: [] } : undefined;
}
