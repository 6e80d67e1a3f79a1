import type { Report } from "../findings.ts";
import type { Path } from "../node.ts";
import type { Reading } from "../reading.ts";
import { shown } from "../text.ts";

/** Whether it was told that an entry says where its value is from not once. */
export function oneOf<Key extends string>(
  entry: { readonly [key in Key]?: unknown },
  keys: readonly [Key, Key],
  path: Path,
  { at, lacks, report }: Pick<Reading<object>, "at" | "lacks"> & { readonly report: Report },
): boolean {
  const label = shown(path.join("."));
  const said = keys.filter((key) => entry[key] !== undefined);
  if (said.length === 2) {
    const where = at([...path, keys[1]]);
    const text = `${label} has ${keys.join(" and ")}; keep one (null unsets one from below)`;
    report("secret-unclear", where, text);
    return true;
  }
  if (said.length === 1 || !keys.every((key) => lacks([...path, key]))) return false;
  report("missing-key", at(path), `${label} needs '${keys.join("' or '")}'`);
  return true;
}
