/** As much of DER as a certificate and the request for one are made of. */
export type Der = Uint8Array;

const tagged = (tag: number, content: Uint8Array): Der =>
  Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes = base256(length);
  return [0x80 | bytes.length, ...bytes];
}

function base256(value: number): readonly number[] {
  const rest = Math.floor(value / 256);
  return rest === 0 ? [value] : [...base256(rest), value % 256];
}

export const sequence = (...parts: readonly Der[]): Der => tagged(0x30, Buffer.concat(parts));
export const set = (...parts: readonly Der[]): Der => tagged(0x31, Buffer.concat(parts));
export const bool = (value: boolean): Der => tagged(0x01, Buffer.from([value ? 0xff : 0]));
export const octets = (content: Uint8Array): Der => tagged(0x04, content);
export const bits = (content: Uint8Array): Der =>
  tagged(0x03, Buffer.concat([Buffer.of(0), content]));
export const utf8 = (text: string): Der => tagged(0x0c, Buffer.from(text));
export const explicit = (number: number, ...parts: readonly Der[]): Der =>
  tagged(0xa0 | number, Buffer.concat(parts));
export const implicit = (number: number, content: Uint8Array): Der =>
  tagged(0x80 | number, content);

/** Not negative, most significant byte first, without leading zeros. */
export function integer(bytes: Uint8Array): Der {
  const isHigh = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tagged(0x02, isHigh ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** `2.5.29.17` */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

const base128 = (value: number): readonly number[] => {
  const high = (rest: number): readonly number[] =>
    rest === 0 ? [] : [...high(Math.floor(rest / 128)), 0x80 | (rest % 128)];
  return [...high(Math.floor(value / 128)), value % 128];
};

/** As certificates write it: two digits for the year until 2049. */
export function time(ms: number): Der {
  const digits = new Date(ms).toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
  const isShort = new Date(ms).getUTCFullYear() < 2050;
  return isShort ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}
