import { parseDuration } from "../lib/duration.ts";
import { parseSize } from "../lib/size.ts";

/** Durations and sizes of loaded documents: their form was checked, so anything else is a bug. */
export function milliseconds(text: string): number {
  const value = parseDuration(text);
  if (value === undefined) throw new Error(`'${text}' is not a duration`);
  return value;
}

export function bytes(text: string): number {
  const value = parseSize(text);
  if (value === undefined) throw new Error(`'${text}' is not a size`);
  return value;
}

/** `5%` → 5 */
export function percent(text: string): number {
  const [, value] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (value === undefined) throw new Error(`'${text}' is no percentage`);
  return Number(value);
}
