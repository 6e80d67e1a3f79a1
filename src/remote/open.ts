import { createFleet } from "./fleet.ts";
import { readIdentity, UnusableKey, type PrivateKey } from "./identity.ts";
import type { Fleet } from "./session.ts";

export interface GivenKey extends PrivateKey {
  /** Nobody named it: left out where it cannot be used. */
  readonly isGuess: boolean;
}

/** Throws UnusableKey for a key that somebody named. */
export function openFleet(login: {
  readonly keys: readonly GivenKey[];
  readonly agent?: string;
  readonly acceptNewHostKeys: boolean;
}): Fleet {
  const { keys, ...options } = login;
  return createFleet({
    ...options,
    privateKeys: usableKeys(keys),
  });
}

/** Those that somebody named, and of the others those that can be used. */
export const usableKeys = (keys: readonly GivenKey[]): readonly GivenKey[] =>
  keys.filter((key) => !key.isGuess || isUsable(key));

function isUsable(key: PrivateKey): boolean {
  try {
    readIdentity([key]);
    return true;
  } catch (error) {
    if (error instanceof UnusableKey) return false;
    throw error;
  }
}
