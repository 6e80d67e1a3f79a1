import type { Identities } from "./identities.ts";
import { Opener } from "./opener.ts";
import { parseIdentities, type ReadSshKey } from "./parse-identities.ts";

/** The file of an age key cannot be used; the message says which and why, and nothing of what stands in it. */
export class UnusableAgeKey extends Error {
  override readonly name = "UnusableAgeKey";
}

export interface KeyFile {
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly passphrase?: string;
}

/** Opens with keys that are read when something is to be opened. */
export const keyedOpener = (
  keys: (fleet: string) => Promise<readonly KeyFile[]>,
  readSshKey: ReadSshKey,
): Opener =>
  new Opener(async (fleet) => {
    let all: Identities | undefined;
    for (const file of await keys(fleet)) {
      const read = await identitiesIn(file, readSshKey);
      all = all?.and(read) ?? read;
    }
    return all;
  });

/** Throws UnusableAgeKey. */
async function identitiesIn(
  { source, bytes, passphrase }: KeyFile,
  readSshKey: ReadSshKey,
): Promise<Identities> {
  const parsed = await parseIdentities(bytes, {
    readSshKey,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  if ("identities" in parsed) return parsed.identities;
  const { reason, text } = parsed.failure;
  const remedy =
    reason === "passphrase-needed" ? "; give its passphrase in SLIPWAY_AGE_PASSPHRASE" : "";
  throw new UnusableAgeKey(`the age key ${source} cannot be used: ${text}${remedy}`);
}
