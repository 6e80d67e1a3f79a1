import { lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AgeKey, Parts } from "../parts.ts";
import { UserError } from "../trouble.ts";

/** Writes all files or none. Throws UserError naming those that are there already. */
export async function writeNew(
  dir: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const present: string[] = [];
  for (const path of Object.keys(files)) if (await exists(join(dir, path))) present.push(path);
  if (present.length > 0)
    throw new UserError(
      "refused",
      `${present[0]} is there already in ${dir}${present.length > 1 ? ` (and ${present.length - 1} more)` : ""}`,
      "Nothing was written. Name an empty folder: slipway init DIR",
    );
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text, { flag: "wx" });
  }
}

/** Makes a key file for its owner alone; one that is there is kept and used. Throws UserError for a damaged one. */
export async function keyIn(
  file: string,
  ageKey: Parts["ageKey"],
): Promise<AgeKey & { readonly isNew: boolean }> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text !== undefined) {
    const identity = /^AGE-SECRET-KEY-1[0-9A-Z]+$/m.exec(text)?.[0];
    if (identity === undefined) throw new UserError("age-key", `${file} holds no age key`);
    return { ...(await ageKey(identity)), isNew: false };
  }
  const key = await ageKey();
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `# public key: ${key.recipient}\n${key.identity}\n`, {
    mode: 0o600,
    flag: "wx",
  });
  return { ...key, isNew: true };
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
