import { decodeBase64 } from "../lib/bytes.ts";

const first = "-----BEGIN AGE ENCRYPTED FILE-----";
const last = "-----END AGE ENCRYPTED FILE-----";
const columns = 64;

/** Whether this is meant to be armored; whether it is so properly, `dearmored` says. */
export const isArmored = (text: string): boolean => /^[ \t\r\n]*-----BEGIN AGE/.test(text);

/** The text form of an age file, with a line end at its end. */
export function armored(raw: Uint8Array): string {
  const text = Buffer.from(raw).toString("base64");
  const lines = [first];
  for (let at = 0; at < text.length; at += columns) lines.push(text.slice(at, at + columns));
  return [...lines, last, ""].join("\n");
}

/**
 * The age file in an armored text; undefined unless it is as age writes it, but for CR LF as line end and blanks around it.
 */
export function dearmored(text: string): Uint8Array | undefined {
  const lines = withoutBlanks(text)?.split(/\r?\n/) ?? [];
  if (lines.length < 3 || lines[0] !== first || lines.at(-1) !== last) return undefined;
  const body = lines.slice(1, -1);
  const end = body.at(-1)?.length ?? 0;
  const isEven = body.slice(0, -1).every((line) => line.length === columns);
  return isEven && end > 0 && end <= columns ? decodeBase64(body.join("")) : undefined;
}

/** `trim` would take away more than age does; the last line must end as a line, though. */
function withoutBlanks(text: string): string | undefined {
  const blanks = " \t\r\n";
  let [start, end] = [0, text.length];
  while (start < end && blanks.includes(text.charAt(start))) start++;
  while (end > start && blanks.includes(text.charAt(end - 1))) end--;
  return /^(?:\r?\n|$)/.test(text.slice(end, end + 2)) ? text.slice(start, end) : undefined;
}
