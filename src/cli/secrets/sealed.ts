import { readValueFile, type ValueFileProblem } from "../../secrets/value-file.ts";
import type { SecretFile } from "./tree.ts";

/** One thing below `secrets/` that is encrypted, or should be. */
export interface SealedItem {
  readonly file: SecretFile;
  /** As references say it: `shop.DB_PASSWORD`, `tls/shop.key.age`. */
  readonly name: string;
  readonly line: number;
  readonly col: number;
  /** Of a value or a whole file; of SOPS' files none, since their values share one. */
  readonly ciphertext?: string | Uint8Array;
}

/** What is in a file: its values, or itself. What unsets a value is none. */
export function itemsIn(
  file: SecretFile,
): { readonly items: readonly SealedItem[] } | { readonly problem: ValueFileProblem } {
  const { content, name } = file;
  const start = { file, line: 1, col: 1 };
  if (content.form === "unreadable") return { problem: { line: 1, col: 1, text: content.why } };
  if (content.form === "file") return { items: [{ ...start, name, ciphertext: content.bytes }] };
  if (content.form === "sops") return { items: [{ ...start, name }] };
  const read = readValueFile(content.text);
  if ("problem" in read) return read;
  return {
    items: read.entries.flatMap(({ key, value, line, col }) =>
      value === null ? [] : [{ file, name: `${name}.${key}`, line, col, ciphertext: value }],
    ),
  };
}
