import { createFleet, type FleetOptions } from "../../src/remote/fleet.ts";
import { RemoteError, type Fleet, type TroubleClass } from "../../src/remote/session.ts";
import type { Sshd } from "./sshd.ts";

/** A fleet that logs in with the test server's key. */
export const fleetFor = (sshd: Sshd, options: Partial<FleetOptions> = {}): Fleet =>
  createFleet({ privateKeys: [{ text: sshd.privateKey, source: "test key" }], ...options });

/** For assert.rejects: operational trouble of this class, whose text matches. */
export const trouble =
  (cls: TroubleClass, text: RegExp) =>
  (error: unknown): boolean => {
    if (error instanceof RemoteError && error.class === cls && text.test(error.message))
      return true;
    throw error;
  };

/** All that a stream gives, to its end. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
