import { isObject } from "../lib/json.ts";
import { parsedJson } from "../lib/lines.ts";

/** A port of a container as it was made to serve it: what its app says later need not hold for it. */
export interface Served {
  /** `ssh` of a port that is not the first; else empty. */
  readonly name: string;
  readonly port: number;
  /** Where its health is asked for there. */
  readonly path?: string;
}

/** The label by which a container tells. */
export const servedLabel = "slipway.served";

export const servedText = (served: readonly Served[]): string => JSON.stringify(served);

/** Undefined for a container that does not say. */
export function parseServed(text: string | undefined): readonly Served[] | undefined {
  const value = text === undefined ? undefined : parsedJson(text);
  if (!Array.isArray(value)) return undefined;
  const all = value.flatMap((one) => served(one) ?? []);
  return all.length === value.length ? all : undefined;
}

function served(value: unknown): Served | undefined {
  if (!isObject(value)) return undefined;
  const { name, port, path } = value;
  if (typeof name !== "string" || typeof port !== "number") return undefined;
  if (path === undefined) return { name, port };
  return typeof path === "string" ? { name, port, path } : undefined;
}

/** What a container serves of a pool, `shop` or `shop/ssh`. */
export const servedIn = (
  served: readonly Served[] | undefined,
  pool: string,
): Served | undefined => {
  const [, name = ""] = pool.split("/");
  return served?.find((one) => one.name === name);
};
