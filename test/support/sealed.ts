import { ageKey, type AgeKey } from "../../src/secrets/age-key.ts";
import { seal } from "../../src/secrets/seal.ts";

/** An age key and files of values that it opens, as they stand in a repo. */
export interface Sealing extends AgeKey {
  /** A value, armored. */
  value(plaintext: string | Uint8Array): Promise<string>;
  /** `secrets/<name>.yaml`. */
  file(values: Readonly<Record<string, string>>): Promise<string>;
}

export async function sealing(): Promise<Sealing> {
  const key = await ageKey();
  const recipients = [{ type: "x25519" as const, text: key.recipient }];
  const value = async (plaintext: string | Uint8Array): Promise<string> =>
    await seal(plaintext, recipients);
  return {
    ...key,
    value,
    file: async (values) => {
      const entries = await Promise.all(
        Object.entries(values).map(async ([name, plaintext]) => {
          const lines = (await value(plaintext)).trimEnd().split("\n");
          return `${name}: |\n${lines.map((line) => `  ${line}\n`).join("")}`;
        }),
      );
      return entries.join("");
    },
  };
}
