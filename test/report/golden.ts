import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";

/** Compares with test/report/golden/<name>; `UPDATE_GOLDEN=1` writes what is new, to be read before it is committed. */
export async function assertGolden(name: string, actual: string): Promise<void> {
  const file = new URL(`golden/${name}`, import.meta.url);
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, actual);
  assert.equal(actual, await readFile(file, "utf8"));
}
