import type { AppFields } from "../generated/app.ts";
import { PublishError, readPublish } from "../lib/publish.ts";
import { portsOf as portsIn } from "../lib/volumes.ts";

/** Where an app listens in its container; a single port has no name. */
export interface Port {
  readonly name?: string;
  readonly number: number;
}

export type Protocol = "http" | "tcp";

/** A number under which the fleet reaches a port of an app, on a machine where that runs. */
export interface Listen {
  readonly port: Port;
  readonly number: number;
  readonly protocol: Protocol;
  /** Keys of where it was said; the port's own where it was not. */
  readonly path: readonly string[];
  readonly declared: boolean;
}

/** What the proxies answer on for routes, on all addresses of a machine. */
const routePorts = [80, 443] as const;

/** In their order; the first is the default. */
export const portsOf = ({ port }: Pick<AppFields, "port">): readonly Port[] => portsIn(port);

/** The port of a name, or the first. */
export function portCalled(fields: Pick<AppFields, "port">, name?: string): Port | undefined {
  const ports = portsOf(fields);
  return name === undefined ? ports[0] : ports.find((port) => port.name === name);
}

/** As declared, else http where a route leads, else tcp. */
export function protocolOf(fields: AppFields, port: Port): Protocol {
  const declared = declaredFor(fields, fields.protocol, port)?.value;
  if (declared !== undefined) return declared === "http" ? "http" : "tcp";
  return isRouted(fields, port) ? "http" : "tcp";
}

const isRouted = (fields: AppFields, port: Port): boolean =>
  (fields.routes ?? []).some(
    (route) =>
      route.redirect === undefined && portCalled(fields, route.port)?.number === port.number,
  );

/** What stands on a machine besides the app. */
export interface Surroundings {
  /** Whether routes do, whose ports are then nobody's unless they are asked for. */
  readonly routed: boolean;
}

/**
 * Under which numbers the fleet reaches an app on a machine. Only where the proxy is in use at all; what `fields` are is
 * what the app is on that machine.
 */
export function listensOf(fields: AppFields, { routed }: Surroundings): readonly Listen[] {
  if (fields.network === "host" || fields.instances === 0) return [];
  return portsOf(fields).flatMap((port) => {
    const said = declaredFor(fields, fields.listen, port);
    const number = said === undefined ? ownNumber(fields, port, routed) : said.value;
    if (typeof number !== "number") return [];
    const own = port.name === undefined ? ["port"] : ["port", port.name];
    const path = said === undefined ? own : ["listen", ...said.path];
    const protocol = protocolOf(fields, port);
    return [{ port, number, protocol, path, declared: said !== undefined }];
  });
}

/** A port that is published, or that routes need, has no number of its own. */
function ownNumber(fields: AppFields, { number }: Port, routed: boolean): number | undefined {
  if (routed && routePorts.some((taken) => taken === number)) return undefined;
  return isPublished(fields, number) ? undefined : number;
}

const isPublished = ({ publish = [] }: AppFields, number: number): boolean =>
  publish.some((text) => {
    const read = readPublish(text);
    if (read instanceof PublishError || read.protocol === "udp") return false;
    return read.container[0] <= number && number <= read.container[1];
  });

/** What a key says of a port: a single word is about the first one, but `off` about all. */
function declaredFor<Value extends number | string>(
  fields: Pick<AppFields, "port">,
  declared: Value | Readonly<Record<string, Value>> | undefined,
  port: Port,
): { readonly value: Value; readonly path: readonly string[] } | undefined {
  if (declared === undefined) return undefined;
  if (typeof declared === "object") {
    const { name } = port;
    const value = name !== undefined && Object.hasOwn(declared, name) ? declared[name] : undefined;
    return name === undefined || value === undefined ? undefined : { value, path: [name] };
  }
  const isAbout = declared === "off" || portCalled(fields)?.number === port.number;
  return isAbout ? { value: declared, path: [] } : undefined;
}

/** Whether an app asks for the proxy: who has it in one place has it, with all that it does, in the whole fleet. */
export const wantsProxy = ({ routes = [], listen, protocol }: AppFields): boolean =>
  routes.length > 0 || protocol !== undefined || listensSomewhere(listen);

const listensSomewhere = (listen: AppFields["listen"]): boolean =>
  typeof listen === "object"
    ? Object.values(listen).some((one) => typeof one === "number")
    : typeof listen === "number";
