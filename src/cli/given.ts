import type { Given } from "./command.ts";
import { UserError } from "./trouble.ts";

export const isOn = ({ flags }: Given, name: string): boolean => flags[name] === true;

export function textFlag({ flags }: Given, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Of a flag that may be repeated. */
export function textsFlag({ flags }: Given, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** Throws UserError for anything but a whole number from 1 to `most`. */
export function countFlag(given: Given, name: string, usual: number, most: number): number {
  const text = textFlag(given, name);
  if (text === undefined) return usual;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= most) return count;
  throw new UserError("usage", `--${name} is '${text}': it is a number from 1 to ${most}`);
}
