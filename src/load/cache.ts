import type { ParsedFile } from "./parse.ts";
import { createValidators, type Validators } from "./validators.ts";

/**
 * What one process keeps between loads: compiled schemas, and files by blob id and path, so that a commit that changes
 * one file parses one file.
 */
export interface ParseCache {
  readonly validators: Validators;
  get(path: string, blob: string): ParsedFile | undefined;
  /** `bytes`: how large the file is. */
  set(path: string, blob: string, file: ParsedFile, bytes: number): void;
  /** How many files were parsed since it was made. */
  readonly parsed: number;
}

interface Kept {
  readonly file: ParsedFile;
  readonly bytes: number;
}

/** Keeps at most so many files, and so many bytes of them, dropping those that were not used for the longest time. */
export function createParseCache(limit = 5_000, bytesLimit = 64 * 1024 * 1024): ParseCache {
  const files = new Map<string, Kept>();
  let size = 0;
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
      const kept = files.get(key);
      if (kept === undefined) return undefined;
      files.delete(key);
      files.set(key, kept);
      return kept.file;
    },
    set(path, blob, file, bytes) {
      parsed++;
      const key = keyOf(path, blob);
      size += bytes - (files.get(key)?.bytes ?? 0);
      files.delete(key);
      files.set(key, { file, bytes });
      for (const [oldest, kept] of files) {
        if (oldest === key || (files.size <= limit && size <= bytesLimit)) return;
        files.delete(oldest);
        size -= kept.bytes;
      }
    },
  };
}
