import type { ParsedFile } from "./parse.ts";
import { createValidators, type Validators } from "./validators.ts";

/**
 * What one process keeps between loads: compiled schemas, and files by blob id and path, so that a commit that changes
 * one file parses one file.
 */
export interface ParseCache {
  readonly validators: Validators;
  get(path: string, blob: string): ParsedFile | undefined;
  set(path: string, blob: string, file: ParsedFile): void;
  /** How many files were parsed since it was made. */
  readonly parsed: number;
}

/** Keeps at most `limit` files, dropping the one that was not used for the longest time. */
export function createParseCache(limit = 5_000): ParseCache {
  const files = new Map<string, ParsedFile>();
  let validators: Validators | undefined;
  let parsed = 0;
  const keyOf = (path: string, blob: string): string => `${blob} ${path}`;
  return {
    get validators() {
      return (validators ??= createValidators());
    },
    get parsed() {
      return parsed;
    },
    get(path, blob) {
      const key = keyOf(path, blob);
      const file = files.get(key);
      if (file === undefined) return undefined;
      files.delete(key);
      files.set(key, file);
      return file;
    },
    set(path, blob, file) {
      parsed++;
      files.set(keyOf(path, blob), file);
      if (files.size <= limit) return;
      const oldest = files.keys().next();
      if (!oldest.done) files.delete(oldest.value);
    },
  };
}
