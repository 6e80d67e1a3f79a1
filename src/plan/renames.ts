import type { Documents } from "../model/documents.ts";
import { emptyRecord, type AppRecord, type Inventory } from "../model/inventory.ts";

/** Under which names what belongs to a family may still stand on machines. */
export interface Renames {
  /** Family → the names that it had, nearest first; none that is declared. Only families that had another. */
  readonly former: ReadonlyMap<string, readonly string[]>;
  /** The same with names that were taken again since. */
  readonly past: ReadonlyMap<string, readonly string[]>;
}

export const noRenames: Renames = { former: new Map(), past: new Map() };

type Inventories = ReadonlyMap<string, Inventory>;
/** Family → what it was renamed from. */
export type Links = ReadonlyMap<string, string>;

/**
 * What `renamedFrom` says, what machines remember of renames before, and `links`: renames that only git knows. A family
 * that is gone while one that it was renamed from is back was renamed back: a revert.
 */
export function renamesOf(
  { families }: Pick<Documents, "families">,
  inventories: Inventories,
  links: Links = new Map(),
): Renames {
  const recorded = recordedNames(inventories);
  const revived = revivedNames(families, inventories);
  const former = new Map<string, readonly string[]>();
  const past = new Map<string, readonly string[]>();
  for (const [family, { file }] of families) {
    const own = recorded.get(family) ?? [];
    const isOthers = (name: string): boolean =>
      !own.includes(name) &&
      [...families.keys()].some((f) => f !== family && recorded.get(f)?.includes(name) === true);
    const names: string[] = [];
    const first = [...optional(file.renamedFrom), ...(revived.get(family) ?? []), ...own];
    for (const queue = first; queue.length > 0;) {
      const name = queue.shift() as string;
      if (name === family || names.includes(name) || isOthers(name)) continue;
      names.push(name);
      queue.push(...(recorded.get(name) ?? []), ...optional(links.get(name)));
    }
    const free = names.filter((name) => !families.has(name));
    if (names.length > 0) past.set(family, names);
    if (free.length > 0) former.set(family, free);
  }
  return { former, past };
}

const optional = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);

function recordedNames(inventories: Inventories): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const { apps } of inventories.values())
    for (const [family, { formerly = [] }] of Object.entries(apps))
      names.set(family, [...new Set([...(names.get(family) ?? []), ...formerly])]);
  return names;
}

/** Declared family → families that are not, run somewhere, and were renamed from it last. */
function revivedNames(
  families: Documents["families"],
  inventories: Inventories,
): ReadonlyMap<string, readonly string[]> {
  const revived = new Map<string, readonly string[]>();
  for (const { apps } of inventories.values()) {
    for (const [name, record] of Object.entries(apps)) {
      if (families.has(name) || !isLive(record)) continue;
      const family = record.formerly?.find((n) => families.has(n));
      if (family === undefined) continue;
      revived.set(family, [...new Set([...(revived.get(family) ?? []), name])]);
    }
  }
  return revived;
}

/** What was proven or failed: the marks of an app that has gone are forgotten. */
const isLive = ({ good, failed }: AppRecord): boolean => good !== undefined || failed !== undefined;

/** Former name → the family that has it now. */
export const currentNames = ({ former }: Renames): ReadonlyMap<string, string> =>
  new Map([...former].flatMap(([family, names]) => names.map((name) => [name, family] as const)));

/** What a machine remembers, under the names that its families have now: marks, images and releases follow. */
export function moveRecords(inventory: Inventory, { former }: Renames): Inventory {
  const apps = new Map(Object.entries(inventory.apps));
  for (const [family, names] of former) {
    const own = apps.get(family);
    const found = names.flatMap((name) => {
      const record = apps.get(name);
      // One that was let go before is taken up only by a family that is new here.
      return record !== undefined && (own === undefined || isLive(record)) ? { name, record } : [];
    });
    for (const { name } of found) apps.delete(name);
    if (found.length === 0 && own?.formerly === undefined) continue;
    const [first] = own === undefined ? found : [{ name: family, record: own }];
    const formerly = [...new Set([...names, ...(own?.formerly ?? [])])];
    apps.set(family, {
      ...merged([...optional(own), ...found.map((f) => f.record)]),
      formerly,
      as: first?.record.as ?? first?.name ?? family,
    });
  }
  return { ...inventory, apps: Object.fromEntries(apps) };
}

/** Of the newest first: its texts mean what they mean, and the newest marks count. */
function merged(records: readonly AppRecord[]): AppRecord {
  const good = newest(records.flatMap((r) => r.good ?? []));
  const failed = newest(records.flatMap((r) => r.failed ?? []));
  const isOver =
    records.some((r) => r.good === good && r.failed !== failed) && isAfter(good, failed);
  const oldestFirst = records.toReversed();
  return {
    ...emptyRecord,
    ...(good === undefined ? {} : { good }),
    ...(failed === undefined || isOver ? {} : { failed }),
    images: Object.fromEntries(oldestFirst.flatMap((r) => Object.entries(r.images))),
    releases: [...new Set(oldestFirst.flatMap((r) => r.releases))],
  };
}

const newest = <T extends { readonly at: string }>(marks: readonly T[]): T | undefined =>
  marks.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0];

const isAfter = (
  a: { readonly at: string } | undefined,
  b: { readonly at: string } | undefined,
): boolean => a !== undefined && b !== undefined && a.at > b.at;
