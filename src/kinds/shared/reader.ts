import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { Unreadable } from "../../model/live.ts";

/**
 * Readers of answers that are not ours: each takes a value and the keys to follow. `null`, a missing key and a
 * missing parent are the same, as the engine leaves out what is empty. Another type than asked for is Unreadable.
 */
type Keys = readonly string[];

function follow(value: Json | undefined, keys: Keys): Json | undefined {
  let current = value;
  for (const [index, key] of keys.entries()) {
    if (current === undefined || current === null) return undefined;
    if (!isObject(current)) throw unexpected("an object", keys.slice(0, index), current);
    current = Object.hasOwn(current, key) ? current[key] : undefined;
  }
  return current ?? undefined;
}

export function optionalString(value: Json | undefined, ...keys: Keys): string | undefined {
  const found = follow(value, keys);
  if (found !== undefined && typeof found !== "string") throw unexpected("a string", keys, found);
  return found;
}

export const stringAt = (value: Json | undefined, ...keys: Keys): string =>
  optionalString(value, ...keys) ?? missing("a string", keys);

export function optionalNumber(value: Json | undefined, ...keys: Keys): number | undefined {
  const found = follow(value, keys);
  if (found !== undefined && typeof found !== "number") throw unexpected("a number", keys, found);
  return found;
}

export const numberAt = (value: Json | undefined, ...keys: Keys): number =>
  optionalNumber(value, ...keys) ?? missing("a number", keys);

export function optionalBoolean(value: Json | undefined, ...keys: Keys): boolean | undefined {
  const found = follow(value, keys);
  if (found !== undefined && typeof found !== "boolean") throw unexpected("a boolean", keys, found);
  return found;
}

export const booleanAt = (value: Json | undefined, ...keys: Keys): boolean =>
  optionalBoolean(value, ...keys) ?? missing("a boolean", keys);

/** Empty when it is not there. */
export function objectAt(value: Json | undefined, ...keys: Keys): JsonObject {
  const found = follow(value, keys) ?? {};
  if (!isObject(found)) throw unexpected("an object", keys, found);
  return found;
}

/** Empty when it is not there. */
export function listAt(value: Json | undefined, ...keys: Keys): readonly Json[] {
  const found = follow(value, keys) ?? [];
  if (!Array.isArray(found)) throw unexpected("a list", keys, found);
  return found;
}

export const stringsAt = (value: Json | undefined, ...keys: Keys): readonly string[] =>
  listAt(value, ...keys).map((item) => stringAt(item));

/** A map of strings; empty when it is not there. */
export const stringMapAt = (
  value: Json | undefined,
  ...keys: Keys
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(objectAt(value, ...keys)).map(([key, item]) => [key, stringAt(item)]),
  );

const unexpected = (wanted: string, keys: Keys, found: Json): Unreadable =>
  new Unreadable(`expected ${wanted} at ${placeOf(keys)}, found ${typeName(found)}`);

function missing(wanted: string, keys: Keys): never {
  throw new Unreadable(`expected ${wanted} at ${placeOf(keys)}, found nothing`);
}

const placeOf = (keys: Keys): string => (keys.length === 0 ? "the top" : keys.join("."));

const typeName = (value: Json): string => (Array.isArray(value) ? "a list" : typeof value);
