import { digestOf, shortHash } from "../lib/hash.ts";
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
}

export interface Serving {
  readonly address: string;
  /** The app that it was made for, by whose names the engine finds it: another one after a rename. */
  readonly app: string;
}

export const servingKey = (app: string, instance: number): string => `${app}/${instance}`;

/**
 * Gives each container that may be made on a machine an address of its own for good, whose it was not: an engine gives
 * another one whenever a machine restarts. The same again while the same are held.
 */
export function addressBook({
  range,
  held,
}: Bridge): (app: string, instance: number) => string | undefined {
  const taken = new Set(held);
  return (app, instance) => {
    if (range === undefined) return undefined;
    const seed = Number.parseInt(shortHash(digestOf([app, instance])), 16);
    const address = freeAddress(range, seed, taken);
    if (address !== undefined) taken.add(address);
    return address;
  };
}
