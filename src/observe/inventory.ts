import { isObject } from "../lib/json.ts";
import { parseInventory, type Inventory } from "../model/inventory.ts";
import { Unreadable } from "../model/live.ts";
import { machinePaths } from "../model/paths.ts";
import type { Answers, ReadQuery } from "../model/query.ts";

export const inventoryQuery = (fleet: string): ReadQuery => ({
  ask: "read",
  path: machinePaths(fleet).inventory,
  maxBytes: 4 * 1024 * 1024,
});

/** Undefined where there is none. Throws Unreadable for one that is damaged, newer than we know, or another fleet's. */
export function readInventory(fleet: string, answers: Answers): Inventory | undefined {
  const query = inventoryQuery(fleet);
  const text = answers.text(query);
  if (text === undefined) return undefined;
  const inventory = parseInventory(text);
  if (inventory === undefined) throw new Unreadable(`${query.path} ${complaint(text)}`);
  if (inventory.fleet !== fleet)
    throw new Unreadable(`${query.path} is of fleet '${inventory.fleet}'`);
  return inventory;
}

function complaint(text: string): string {
  const version = versionOf(text);
  return version !== undefined && version > 1
    ? `is of version ${version}, written by a newer Slipway`
    : "is damaged; move it away to have it made anew from what is found on the machine";
}

function versionOf(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const version = isObject(value) ? value["version"] : undefined;
    return typeof version === "number" ? version : undefined;
  } catch {
    return undefined;
  }
}
