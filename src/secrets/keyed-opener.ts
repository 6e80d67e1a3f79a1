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

/** Opens with a key that is read when something is to be opened. */
export const keyedOpener = (
  key: (fleet: string) => Promise<KeyFile | undefined>,
  readSshKey: ReadSshKey,
): Opener =>
  new Opener(async (fleet) => {
    const file = await key(fleet);
    if (file === undefined) return undefined;
    const { source, bytes, passphrase } = file;
    const parsed = await parseIdentities(bytes, {
      readSshKey,
      ...(passphrase === undefined ? {} : { passphrase }),
    });
    if ("identities" in parsed) return parsed.identities;
    const { reason, text } = parsed.failure;
    const remedy =
      reason === "passphrase-needed" ? "; give its passphrase in SLIPWAY_AGE_PASSPHRASE" : "";
    throw new UnusableAgeKey(`the age key ${source} cannot be used: ${text}${remedy}`);
  });
