import { digestOf, shortHash } from "../lib/hash.ts";
import type { Served } from "../model/served.ts";
import { freeAddress, type AddressRange } from "../lib/subnet.ts";

/** The fleet's bridge on a machine, as it was found. */
export interface Bridge {
  /** The machine's own address on it; undefined until it was made. */
  readonly gateway?: string;
  /** Of the one that is there, else of the one to be made. Undefined: its addresses are the engine's to give. */
  readonly range?: AddressRange;
  /** Addresses that containers have for good, kept ones as well. */
  readonly held: ReadonlySet<string>;
  /** Who is in service, by `app/instance`. */
  readonly serving: ReadonlyMap<string, Serving>;
  /** Instances that are there and are not to be found: what failed, what the engine gave an address. */
  readonly nameless: ReadonlySet<string>;
}

export interface Serving {
  readonly address: string;
  /** The app that it was made for, by whose names the engine finds it: another one after a rename. */
  readonly app: string;
  /** How it serves its ports, where it says so. */
  readonly served?: readonly Served[];
}

export const servingKey = (app: string, instance: number): string => `${app}/${instance}`;

/** Instances of an app that are in service, in order. */
export const instancesServing = (serving: Bridge["serving"], app: string): readonly number[] =>
  [...serving.keys()]
    .flatMap((key) => (key.startsWith(`${app}/`) ? [Number(key.slice(app.length + 1))] : []))
    .toSorted((a, b) => a - b);

export type AddressBook = (app: string, instance: number) => string | undefined;

/**
 * Gives each container that may be made on a machine an address of its own for good, whose it was not: an engine gives
 * another one whenever a machine restarts. The same again while the same are held.
 */
export function addressBook({ range, held }: Bridge): AddressBook {
  const taken = new Set(held);
  const given = new Map<string, string | undefined>();
  return (app, instance) => {
    const key = servingKey(app, instance);
    if (range === undefined || given.has(key)) return given.get(key);
    const seed = Number.parseInt(shortHash(digestOf([app, instance])), 16);
    const address = freeAddress(range, seed, taken);
    if (address !== undefined) taken.add(address);
    given.set(key, address);
    return address;
  };
}
