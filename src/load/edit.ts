import { isMap, isScalar, parseDocument, type Pair } from "yaml";

/** A text directly below the top of a YAML file; undefined where there is none, or the file cannot be read. */
export function topText(text: string, key: string): string | undefined {
  const value = pairOf(text, key)?.value;
  return isScalar(value) && typeof value.value === "string" ? value.value : undefined;
}

/**
 * Puts a plain text behind a key directly below the top, at the end where there was none; every other line stays as it is,
 * byte for byte. Undefined for YAML in which that cannot be done.
 */
export function withTopText(text: string, key: string, value: string): string | undefined {
  const pair = pairOf(text, key);
  // In quotes only what would else be a number or the like.
  return [value, JSON.stringify(value)]
    .map((one) => (pair === undefined ? withNew(text, key, one) : withOther(text, pair, one)))
    .find((edited) => edited !== undefined && topText(edited, key) === value);
}

function withOther(text: string, { value }: Pair, to: string): string | undefined {
  if (!isScalar(value) || !value.range) return undefined;
  const [from, end] = value.range;
  const gap = from === end && text[from - 1] === ":" ? " " : "";
  return `${text.slice(0, from)}${gap}${to}${text.slice(end)}`;
}

function withNew(text: string, key: string, value: string): string | undefined {
  const { contents } = parseDocument(text, { logLevel: "error" });
  if (contents !== null && !(isMap(contents) && contents.flow !== true)) return undefined;
  const lineBreak = /^[^\n]*\r\n/.test(text) ? "\r\n" : "\n";
  const before = text === "" || text.endsWith("\n") ? text : `${text}${lineBreak}`;
  return `${before}${key}: ${value}${lineBreak}`;
}

function pairOf(text: string, key: string): Pair | undefined {
  const { contents, errors } = parseDocument(text, { logLevel: "error", version: "1.2" });
  if (errors.length > 0 || !isMap(contents)) return undefined;
  return contents.items.find(({ key: one }) => isScalar(one) && one.value === key);
}
