import { isUtf8 } from "node:buffer";
import { printableLine } from "../lib/text.ts";
import type { Where } from "../model/diagnostic.ts";
import type { Report } from "./findings.ts";

/** The text of a file, without a byte order mark; undefined, and a finding, where it is no clean text. */
export function decodeText(file: string, bytes: Uint8Array, report: Report): string | undefined {
  if (!isUtf8(bytes)) {
    const utf16 =
      (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    const where = { file, line: utf16 ? 1 : firstBadLine(bytes), col: 1 };
    report(
      "not-utf8",
      where,
      utf16 ? "this is UTF-16; save it as UTF-8" : "this line is not UTF-8 text",
    );
    return undefined;
  }
  const text = new TextDecoder("utf-8").decode(bytes);
  const control = firstControl(file, text);
  if (control === undefined) return text;
  report(
    "control-character",
    control.where,
    `${describe(control.char)} does not belong in a text file`,
  );
  return undefined;
}

/** Line breaks are never part of a longer UTF-8 sequence, so lines can be looked at one by one. */
function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
  return line;
}

/** Controls but tab and line breaks, what turns the direction of writing, and byte order marks past the start. */
/* oxlint-disable-next-line no-control-regex */
const unwanted = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff]/;

function firstControl(
  file: string,
  text: string,
): { readonly char: string; readonly where: Where } | undefined {
  const match = unwanted.exec(text);
  if (match === null) return undefined;
  const before = text.slice(0, match.index);
  const line = before.split("\n").length;
  return { char: match[0], where: { file, line, col: match.index - before.lastIndexOf("\n") } };
}

/** `U+0455 'ѕ'`, or only the code point where it cannot be seen. */
export function describe(char: string): string {
  const code = `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  return /[\p{C}\p{Z}]/u.test(char) ? code : `${code} '${char}'`;
}

/** What JSON and the engine cannot carry: NUL, and halves of surrogate pairs. */
export function uncarriable(text: string): string | undefined {
  if (text.includes("\0")) return describe("\0");
  return text.isWellFormed() ? undefined : "half a surrogate pair";
}

/** Untrusted text, for one line of a message. */
export const shown = (text: string): string =>
  printableLine(text.length > 80 ? `${text.slice(0, 80)}…` : text);
