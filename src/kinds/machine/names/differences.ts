import { counted, listed } from "../../../lib/text.ts";
import type { Field } from "../../../model/change.ts";
import { optional } from "../../shared/optional.ts";

/** So many names are told one by one. */
const mostNames = 20;

/** A name that another line stands for than before. */
export interface NameChange {
  readonly name: string;
  /** Addresses; undefined: none. */
  readonly declared?: string;
  readonly live?: string;
}

/** Which names come, go and move from one block of lines to another. */
export function nameChanges(
  declared: readonly string[],
  live: readonly string[],
): readonly NameChange[] {
  const [wanted, had] = [addressesOf(declared), addressesOf(live)];
  const names = [...new Set([...wanted.keys(), ...had.keys()])].toSorted();
  return names
    .map((name) => ({
      name,
      ...optional("declared", wanted.get(name)?.join(", ")),
      ...optional("live", had.get(name)?.join(", ")),
    }))
    .filter((change) => change.declared !== change.live);
}

function addressesOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of eachOf(lines)) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (address === undefined) continue;
    for (const name of names) {
      const addresses = found.get(name);
      if (addresses === undefined) found.set(name, [address]);
      else if (!addresses.includes(address)) addresses.push(address);
    }
  }
  return found;
}

/** Those of several machines may come as one text. */
const eachOf = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((text) => text.split("\n"));

export function nameFields(changes: readonly NameChange[]): readonly Field[] {
  const shown = changes
    .slice(0, mostNames)
    .map(({ name, ...values }): Field => ({ path: `names.${name}`, ...values }));
  const more = changes.length - shown.length;
  return more === 0 ? shown : [...shown, { path: "names", declared: `${more} more differ` }];
}

/** `shop-2 comes; db moves; blog and blog-1 go` */
export function nameText(changes: readonly NameChange[]): string {
  const say = (verb: string, some: readonly NameChange[]): readonly string[] =>
    some.length === 0
      ? []
      : [`${listed(some.map(({ name }) => name))} ${some.length === 1 ? `${verb}s` : verb}`];
  return [
    ...say(
      "come",
      changes.filter(({ live }) => live === undefined),
    ),
    ...say(
      "move",
      changes.filter(({ live, declared }) => live !== undefined && declared !== undefined),
    ),
    ...say(
      "goe",
      changes.filter(({ declared }) => declared === undefined),
    ).map((text) => text.replace(/ goe$/, " go")),
  ].join("; ");
}

/** One file with lines of ours: what is in it is told by its length, as digests say nothing to people. */
export const fileField = (
  path: string,
  declared: readonly string[] | undefined,
  live: string | undefined,
): Field => ({
  path,
  ...optional(
    "declared",
    declared === undefined ? undefined : counted(eachOf(declared).length, "line"),
  ),
  ...optional("live", live),
});
