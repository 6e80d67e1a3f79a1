import { isObject, type JsonObject } from "../lib/json.ts";

/** The record on each machine of what Slipway owns there: `/var/lib/slipway/<fleet>/inventory.json`. */
export interface Inventory {
  readonly version: 1;
  readonly fleet: string;
  readonly machine: string;
  /** Raised by each holder of the lock; a batch of steps runs only under its holder's epoch. */
  readonly epoch: number;
  /** The last revision that was applied or held here. */
  readonly revision?: string;
  /** Machine names once used by this host key. */
  readonly apps: Readonly<Record<string, AppRecord>>;
  /** Addresses of what is owned and carries no label: files, names. */
  readonly owned: readonly string[];
  /** Volumes whose declaration has gone, and the revision that removed it. */
  readonly kept: Readonly<Record<string, string>>;
  /**
   * What a freeze or a pause keeps where it was when `revision` came: `fleet` or `app/shop`, and the revision that was let
   * through last, "" where there was none.
   */
  readonly stands?: Readonly<Record<string, string>>;
  /** By container id: what was there before us, and is an instance of an app by now. */
  readonly adopted?: Readonly<Record<string, Adopted>>;
  /** By address: what would have cut us off and was put back, and what was not tried because of that. */
  readonly refused?: Readonly<Record<string, Refusal>>;
}

/** A container that an app took over as it was. It has no labels of ours: here stands what they would say. */
export interface Adopted {
  readonly app: string;
  readonly family: string;
  readonly instance: number;
  /** As it was called, and is called when it is let go. */
  readonly name: string;
  /** By their names on containers of ours; without `slipway.spec` it was never as declared. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What is not tried again until it is declared otherwise. */
export interface Refusal {
  /** Of what was wanted; "" where that was nothing. */
  readonly digest: string;
  readonly revision: string;
  readonly reason: string;
  /** By address, the digests of what was tried and would have cut us off; absent: it was this alone. */
  readonly tried?: Readonly<Record<string, string>>;
}

/** Per app file. Lists are bounded by who writes them. */
export interface AppRecord {
  readonly good?: Mark;
  readonly failed?: Mark;
  /** Image text → digest it resolved to first (name@sha256:… or an image id), newest last. */
  readonly images: Readonly<Record<string, string>>;
  /** A text once meant another digest than it does now. */
  readonly moved?: boolean;
  /** Releases that ended well: digest over image digest and command. */
  readonly releases: readonly string[];
  /** Names that it had: what was made under them is its own. Nearest first. */
  readonly formerly?: readonly string[];
  /** With `formerly`: the name that the digests of its shipped files are made with. */
  readonly as?: string;
}

export interface Mark {
  readonly revision: string;
  /** Keyed with the machine's key; the set of machines and the count are not in it. */
  readonly inputDigest: string;
  readonly imageDigest: string;
  /** As `inputDigest`, without what it is `after`. */
  readonly own?: string;
  /** Of a good mark: what its image texts meant, since a tag may mean something else by now. */
  readonly images?: Readonly<Record<string, string>>;
  readonly reason: string;
  /** Of a failed mark: it failed on this machine, and the others went on. */
  readonly alone?: true;
  /** ISO 8601. */
  readonly at: string;
}

export const emptyInventory = (fleet: string, machine: string): Inventory => ({
  version: 1,
  fleet,
  machine,
  epoch: 0,
  apps: {},
  owned: [],
  kept: {},
});

export const emptyRecord: AppRecord = { images: {}, releases: [] };

/** Reads an inventory's text; undefined when it is not one (damaged: unknown, never empty). */
export function parseInventory(text: string): Inventory | undefined {
  const value = parseObject(text);
  if (value === undefined || value["version"] !== 1) return undefined;
  const { fleet, machine, epoch, revision, apps, owned, kept, stands, refused, adopted } = value;
  if (typeof fleet !== "string" || typeof machine !== "string" || typeof epoch !== "number")
    return undefined;
  if (!isObject(apps) || !Array.isArray(owned) || !isObject(kept)) return undefined;
  const records = Object.entries(apps).map(
    ([family, record]) => [family, parseRecord(record)] as const,
  );
  return {
    version: 1,
    fleet,
    machine,
    epoch,
    ...(typeof revision === "string" ? { revision } : {}),
    apps: Object.fromEntries(records),
    owned: owned.filter((o) => typeof o === "string"),
    kept: stringsOf(kept),
    ...(isObject(stands) ? { stands: stringsOf(stands) } : {}),
    ...(isObject(refused) ? { refused: refusalsOf(refused) } : {}),
    ...(isObject(adopted) ? { adopted: adoptedOf(adopted) } : {}),
  };
}

const adoptedOf = (value: JsonObject): Record<string, Adopted> =>
  Object.fromEntries(
    Object.entries(value).flatMap(([id, record]) => {
      if (!isObject(record)) return [];
      const { app, family, instance, name, labels } = record;
      const isWhole =
        [app, family, name].every((text) => typeof text === "string") &&
        typeof instance === "number" &&
        isObject(labels);
      return isWhole
        ? [[id, { app, family, instance, name, labels: stringsOf(labels) } as Adopted]]
        : [];
    }),
  );

const refusalsOf = (value: JsonObject): Record<string, Refusal> =>
  Object.fromEntries(
    Object.entries(value).flatMap(([address, refusal]) => {
      if (!isObject(refusal)) return [];
      const { digest, revision, reason, tried } = refusal;
      if (typeof digest !== "string" || typeof revision !== "string" || typeof reason !== "string")
        return [];
      const by = isObject(tried) ? { tried: stringsOf(tried) } : {};
      return [[address, { digest, revision, reason, ...by }]];
    }),
  );

function parseRecord(value: unknown): AppRecord {
  if (!isObject(value)) return emptyRecord;
  const { good, failed, images, moved, releases, formerly, as } = value;
  return {
    ...(isMark(good) ? { good: markOf(good) } : {}),
    ...(isMark(failed) ? { failed: markOf(failed) } : {}),
    images: isObject(images) ? stringsOf(images) : {},
    ...(moved === true ? { moved } : {}),
    releases: Array.isArray(releases) ? releases.filter((r) => typeof r === "string") : [],
    ...(Array.isArray(formerly) ? { formerly: formerly.filter((f) => typeof f === "string") } : {}),
    ...(typeof as === "string" ? { as } : {}),
  };
}

function markOf(mark: Mark & JsonObject): Mark {
  const { images, own, alone, ...rest } = mark;
  return {
    ...rest,
    ...(alone === true ? { alone } : {}),
    ...(typeof own === "string" ? { own } : {}),
    ...(isObject(images) ? { images: stringsOf(images) } : {}),
  };
}

const stringsOf = (value: JsonObject): Record<string, string> =>
  Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );

const isMark = (value: unknown): value is Mark & JsonObject =>
  isObject(value) &&
  ["revision", "inputDigest", "imageDigest", "reason", "at"].every(
    (k) => typeof value[k] === "string",
  );

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
