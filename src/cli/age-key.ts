import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Context } from "./command.ts";
import { configDir } from "./options.ts";
import type { AgeKeyFile } from "./parts.ts";
import { UserError } from "./trouble.ts";

/** The key that opens a fleet's secrets: the file that was named, else the usual one if it is there. Throws UserError. */
export async function ageKeyFile(
  { options, io }: Pick<Context, "options" | "io">,
  fleet: string,
): Promise<AgeKeyFile | undefined> {
  const { ageKey: named, agePassphrase } = options;
  const source = named === undefined ? usualAgeKey(io, fleet) : resolve(io.cwd, named);
  const passphrase = agePassphrase === undefined ? {} : { passphrase: agePassphrase };
  try {
    const bytes = await readFile(source);
    if (((await stat(source)).mode & 0o077) !== 0)
      io.err.write(
        `slipway: warning: others may read the age key ${source}: chmod 600 ${source}\n`,
      );
    return { source, bytes, ...passphrase };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (named === undefined && code === "ENOENT") return undefined;
    throw new UserError(
      "age-key",
      `the age key ${source} cannot be read (${troubles[code] ?? code})`,
    );
  }
}

/** Where `init` puts it. */
const usualAgeKey = (io: Parameters<typeof configDir>[0], fleet: string): string =>
  join(configDir(io), `${fleet}.agekey`);

const troubles: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  EISDIR: "it is a folder",
  EACCES: "you may not read it",
};
