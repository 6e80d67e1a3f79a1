import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { keyFileLimit } from "../secrets/limits.ts";
import type { Context } from "./command.ts";
import { configDir } from "./options.ts";
import type { AgeKeyFile } from "./parts.ts";
import { UserError } from "./trouble.ts";

/** The keys that open secrets: the files that were named, else the usual ones of these fleets that are there. Throws UserError. */
export async function ageKeyFiles(
  context: Pick<Context, "options" | "io">,
  fleets: readonly string[],
): Promise<readonly AgeKeyFile[]> {
  const { options, io } = context;
  const isNamed = options.ageKeys.length > 0;
  const sources = isNamed
    ? options.ageKeys.map((file) => resolve(io.cwd, file))
    : usualAgeKeys(context, fleets);
  const files: AgeKeyFile[] = [];
  for (const source of sources) {
    const file = await readKeyFile(context, source, isNamed);
    if (file !== undefined) files.push(file);
  }
  return files;
}

/** Whose keys open a fleet's secrets: its own, and of an environment the one that it has been made from. */
const keyFleets = (fleet: string, environment: string | undefined): readonly string[] =>
  environment !== undefined && fleet.endsWith(`-${environment}`)
    ? [fleet, fleet.slice(0, -environment.length - 1)]
    : [fleet];

/** Finds a fleet's keys for who opens several; files that were named are those of every fleet, and are read once. */
export function ageKeysOf(
  context: Pick<Context, "options" | "io">,
): (fleet: string, environment: string | undefined) => Promise<readonly AgeKeyFile[]> {
  let named: Promise<readonly AgeKeyFile[]> | undefined;
  return async (fleet, environment) =>
    context.options.ageKeys.length > 0
      ? await (named ??= ageKeyFiles(context, []))
      : await ageKeyFiles(context, keyFleets(fleet, environment));
}

/** Where `init` puts them. */
export const usualAgeKeys = (
  { io }: Pick<Context, "io">,
  fleets: readonly string[],
): readonly string[] => fleets.map((fleet) => join(configDir(io), `${fleet}.agekey`));

async function readKeyFile(
  { io, options }: Pick<Context, "options" | "io">,
  source: string,
  isNamed: boolean,
): Promise<AgeKeyFile | undefined> {
  const passphrase =
    options.agePassphrase === undefined ? {} : { passphrase: options.agePassphrase };
  try {
    const { size, mode } = await stat(source);
    if (size > keyFileLimit)
      throw new UserError("age-key", `${source} is too large for a file of keys`);
    const bytes = await readFile(source);
    if ((mode & 0o077) !== 0)
      io.err.write(
        `slipway: warning: others may read the age key ${source}: chmod 600 ${source}\n`,
      );
    return { source, bytes, ...passphrase };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!isNamed && code === "ENOENT") return undefined;
    throw new UserError(
      "age-key",
      `the age key ${source} cannot be read (${troubles[code] ?? code})`,
    );
  }
}

const troubles: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  EISDIR: "it is a folder",
  EACCES: "you may not read it",
};
