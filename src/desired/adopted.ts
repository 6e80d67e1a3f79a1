import { asList } from "../lib/list.ts";
import type { AppDocument } from "../model/documents.ts";
import { fieldsOn } from "./names.ts";

/** By machine: containers that were there before and are to be instances, as `shop/1 shop shop-web-1`. */
export function adoptedOn(apps: readonly AppDocument[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const app of apps) {
    for (const machine of app.machines) {
      const names = asList(fieldsOn(app, machine).adopt);
      const own = names.map((name, i) => `${app.name}/${i + 1} ${app.family} ${name}`);
      if (own.length > 0) found.set(machine, [...(found.get(machine) ?? []), ...own]);
    }
  }
  return found;
}
