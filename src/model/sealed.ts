import type { Where } from "./diagnostic.ts";

/** The largest file of values (`secrets/<name>.yaml`) that is read, and what a whole file may hold. */
export const secretFileLimit = 20 * 1024 * 1024;

/**
 * A value that stands encrypted in the repo, as plans and steps speak of it: by its name, and by what tells its ciphertext
 * from any other. What it holds is looked up only where it is used.
 */
export interface Sealed {
  /** As a reference says it in full: `shop.DB_PASSWORD`; a whole file by its path below `secrets/`: `tls/shop.key.age`. */
  readonly name: string;
  /** The blob that it is in, and in a file of values `#` and its key. */
  readonly id: string;
}

/** A text with secrets in it, in order. One secret alone may also be bytes that are no text. */
export type SealedText = readonly (string | Sealed)[];

/** Such a value with its place, and how it is opened. */
export interface SealedValue extends Sealed {
  readonly where: Where;
  /**
   * `armor`: the value itself, an armored age file. `file`: the blob is an age file, armored or not. `sops`: the blob is a
   * file that SOPS made, `key` the path of the value in it (`db.password`).
   */
  readonly source:
    | { readonly form: "armor"; readonly text: string }
    | { readonly form: "file"; readonly blob: string }
    | { readonly form: "sops"; readonly blob: string; readonly key: string };
}

/** As it may be shown: `postgres://shop:${shop.DB_PASSWORD}@db:5432/shop`. */
export const sealedShown = (text: SealedText): string =>
  text.map((part) => (typeof part === "string" ? part : `\${${part.name}}`)).join("");

export const sealedIn = (text: SealedText): readonly Sealed[] =>
  text.filter((part) => typeof part !== "string");
