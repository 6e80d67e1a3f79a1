import { randomBytes } from "node:crypto";

/** WebSocket frames (RFC 6455), as far as echoing short texts needs them. */
export interface Frame {
  readonly kind: number;
  readonly data: Buffer;
}

export const frameKinds = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** A client masks what it sends, a server does not. */
export function encodeFrame(kind: number, data: Buffer, isMasked: boolean): Buffer {
  if (data.length > 125) throw new Error("longer than a short frame");
  const start = Buffer.from([0x80 | kind, (isMasked ? 0x80 : 0) | data.length]);
  if (!isMasked) return Buffer.concat([start, data]);
  const mask = randomBytes(4);
  return Buffer.concat([start, mask, masked(data, mask)]);
}

/** Takes whole frames from the front, and gives what is left. Undefined: longer than short frames are. */
export function takeFrames(
  bytes: Buffer,
): { readonly frames: readonly Frame[]; readonly rest: Buffer } | undefined {
  const frames: Frame[] = [];
  let rest = bytes;
  for (;;) {
    const [first, second] = rest;
    if (first === undefined || second === undefined) return { frames, rest };
    const length = second & 0x7f;
    if (length > 125) return undefined;
    const from = 2 + (second & 0x80 ? 4 : 0);
    if (rest.length < from + length) return { frames, rest };
    const data = rest.subarray(from, from + length);
    frames.push({
      kind: first & 0x0f,
      data: from === 2 ? Buffer.from(data) : masked(data, rest.subarray(2, 6)),
    });
    rest = rest.subarray(from + length);
  }
}

const masked = (data: Buffer, mask: Buffer): Buffer =>
  Buffer.from(data.map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
