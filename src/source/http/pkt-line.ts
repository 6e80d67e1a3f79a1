/** Git's framing: four hexadecimal digits of length, then the line. */
export const pktLine = (line: string): string =>
  (Buffer.byteLength(line) + 4).toString(16).padStart(4, "0") + line;

export const flushPkt = "0000";
export const delimPkt = "0001";

/** The lines up to the flush packet; undefined when there is none, or no framing: then the answer is not whole. */
export function parsePktLines(bytes: Buffer): readonly string[] | undefined {
  const lines: string[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const digits = bytes.toString("latin1", at, at + 4);
    if (!/^[0-9a-f]{4}$/i.test(digits)) return undefined;
    const length = Number.parseInt(digits, 16);
    if (length === 0) return lines;
    if (length >= 4) lines.push(bytes.toString("utf8", at + 4, at + length).replace(/\n$/, ""));
    at += Math.max(length, 4);
  }
  return undefined;
}
