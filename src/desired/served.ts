import type { AppFields } from "../generated/app.ts";
import { portsOf, type Port } from "../model/ports.ts";
import type { Served } from "../model/served.ts";

/** How a container that is made now serves each of its ports. */
export const servedBy = (fields: AppFields): readonly Served[] =>
  portsOf(fields).map((port) => {
    const path = healthPath(fields, port);
    return {
      name: partOf(fields, port),
      port: port.number,
      ...(path === undefined ? {} : { path }),
    };
  });

/** `ssh` of a port that is not the first; else empty. */
export function partOf(fields: AppFields, { name, number }: Port): string {
  const [first] = portsOf(fields);
  return name === undefined || number === first?.number ? "" : name;
}

/** Where health is asked for at that port, if it is. */
export function healthPath(fields: AppFields, { name, number }: Port): string | undefined {
  const { health } = fields;
  if (typeof health !== "object" || health.http === undefined) return undefined;
  const asked = health.port ?? portsOf(fields)[0]?.number;
  return asked === number || (name !== undefined && asked === name) ? health.http : undefined;
}
