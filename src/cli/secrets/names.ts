import { isSecretReference } from "../../lib/secret-items.ts";
import { printableLine } from "../../lib/text.ts";
import { isKey } from "../../secrets/value-file.ts";
import { UserError } from "../trouble.ts";

/** What a word on the command line names. */
export type SecretName =
  | { readonly form: "value"; readonly name: string; readonly key: string }
  /** By its path below `secrets/`, with `.age`. */
  | { readonly form: "file"; readonly path: string };

export const isSecretPath = (text: string): boolean =>
  isSecretReference(text) && text.length <= 512;

/**
 * `shop.DB_PASSWORD`, `team/shop.DB_PASSWORD`, or a whole file, `tls/shop.key.age`. Where names have dots, the longest that
 * is a file of values counts. Throws UserError, without what stands behind a `=`.
 */
export function parseSecretName(
  text: string,
  isFileOfValues: (name: string) => boolean,
): SecretName {
  if (isSecretPath(text) && text.endsWith(".age")) return { form: "file", path: text };
  const dots = [...text.matchAll(/\./g)]
    .map(({ index }) => index)
    .filter((index) => index > text.lastIndexOf("/") + 1 && index < text.length - 1);
  const at = dots.findLast((index) => isFileOfValues(text.slice(0, index))) ?? dots[0];
  if (at !== undefined && isSecretPath(text))
    return { form: "value", name: text.slice(0, at), key: text.slice(at + 1) };
  throw new UserError(
    "usage",
    `'${shownName(text)}' is not NAME.KEY`,
    "As in shop.DB_PASSWORD, for DB_PASSWORD in secrets/shop.yaml; a whole file by its path there: tls/shop.key.age",
  );
}

/** Throws UserError for what no value may be called. */
export function checkKey(key: string): void {
  if (!isKey(key))
    throw new UserError(
      "usage",
      `'${shownName(key)}' is no name for a value`,
      "Names begin with a letter or _ and go on with letters, digits, _ - and dots.",
    );
}

/** What is wrong with it may be that a value stands in it. */
const shownName = (text: string): string => printableLine(text.replace(/=.*$/s, "=…").slice(0, 80));
