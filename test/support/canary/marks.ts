import { createHash, randomBytes } from "node:crypto";
import { formsOf } from "../../../src/secrets/forms.ts";

/** A value that stands nowhere else in the world. */
export interface Mark {
  readonly name: string;
  readonly value: string;
  /** Parts of it that stand nowhere else either: they betray what was cut, and what no form is known of. */
  readonly words: readonly string[];
}

/** What marks look like in all forms that a secret may take. */
export interface Needles {
  /** Bytes as characters (latin1) → the mark. */
  readonly forms: ReadonlyMap<string, string>;
  /** Names of the marks that are in it. */
  foundIn(text: string): readonly string[];
  /** In bytes as characters (latin1). */
  foundInBytes(bytes: string): readonly string[];
}

export function mark(name: string, write: (word: () => string) => string): Mark {
  const words: string[] = [];
  const word = (): string => {
    const made = `mark${randomBytes(8).toString("hex")}`;
    words.push(made);
    return made;
  };
  return { name, value: write(word), words };
}

/** What was made elsewhere: a token, a key. */
export const given = (name: string, value: string): Mark => ({ name, value, words: [] });

/** What is shorter may stand anywhere; every mark has forms that are longer. */
const shortest = 14;

/** It says nothing of itself, but lets a guess be proven. */
const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

export function needlesOf(marks: readonly Mark[]): Needles {
  const forms = new Map<string, string>();
  for (const { name, value, words } of marks)
    for (const text of [value, ...words])
      for (const form of [...formsOf(Buffer.from(text)), digestOf(text)])
        if (form.length >= shortest) forms.set(form, name);
  const foundInBytes = (bytes: string): readonly string[] => {
    const found = [...forms].filter(([form]) => bytes.includes(form));
    return [...new Set(found.map(([, name]) => name))].toSorted();
  };
  return {
    forms,
    foundInBytes,
    foundIn: (text) => foundInBytes(Buffer.from(text).toString("latin1")),
  };
}
