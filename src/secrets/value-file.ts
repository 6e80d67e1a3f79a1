import {
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  type Pair,
  type YAMLMap,
} from "yaml";
import { isSecretKey } from "../lib/secret-items.ts";
import { conflictIn, conflictText } from "../lib/conflict.ts";
import { isBounded } from "./bounded.ts";

/** One `KEY: value` of a file of values, and where it stands in its text. */
export interface ValueEntry {
  readonly key: string;
  /** From 1, of the key. */
  readonly line: number;
  readonly col: number;
  /** As YAML reads it; null for nothing, which unsets a value of the file below. */
  readonly value: string | null;
  /** What stands before the key on its line. */
  readonly indent: string;
  /** The beginning of the key's line. */
  readonly start: number;
  /** All behind the colon, up to the end of the value's last line and with its line break. */
  readonly slot: { readonly from: number; readonly to: number };
  /** Behind the value, with the blanks before it. */
  readonly comment: string;
}

/** Why a text is no file of values. Nothing that may be secret is repeated. */
export interface ValueFileProblem {
  readonly line: number;
  readonly col: number;
  readonly text: string;
}

export type ValueFile =
  | { readonly entries: readonly ValueEntry[] }
  | { readonly problem: ValueFileProblem };

/** What a value may be called, as apps can refer to it. */
export const isKey = (text: string): boolean =>
  isSecretKey(text) && !/^(?:__proto__|constructor|prototype)$/.test(text);

/** Reads `secrets/<name>.yaml`: keys, one a line, each with a value that is text. Aliases, tags and nesting have no place in it. */
export function readValueFile(text: string): ValueFile {
  try {
    return { entries: entriesIn(text) };
  } catch (error) {
    if (error instanceof Misplaced)
      return { problem: { ...placeIn(text, error.at), text: error.message } };
    // Nested too deep.
    if (error instanceof RangeError) return { problem: { line: 1, col: 1, text: tooMuch } };
    throw error;
  }
}

/** The value of the entry of that name; undefined where there is none. */
export const entryIn = (entries: readonly ValueEntry[], key: string): ValueEntry | undefined =>
  entries.find((entry) => entry.key === key);

const tooMuch = "it holds too much to be a file of values";
const quoteIt =
  "this is not YAML: a value that begins with a sign, or holds ': ' or ' #', belongs in quotes";

class Misplaced extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

function entriesIn(text: string): readonly ValueEntry[] {
  if (!isBounded(text)) throw new Misplaced(0, tooMuch);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: "failsafe",
    version: "1.2",
    uniqueKeys: false,
    keepSourceTokens: true,
    logLevel: "error",
    prettyErrors: false,
  });
  const [problem] = document.errors;
  const conflictAt = problem && conflictIn(text);
  if (conflictAt !== undefined) throw new Misplaced(conflictAt, conflictText);
  if (problem !== undefined)
    throw new Misplaced(
      problem.pos[0],
      problem.code === "MULTIPLE_DOCS" ? "a second document begins here" : quoteIt,
    );
  if (document.contents === null || isEmpty(document.contents)) return [];
  if (!isMap(document.contents) || document.contents.flow === true)
    throw new Misplaced(document.contents.range[0], "write it as lines of KEY: value");
  const entries = (document.contents as YAMLMap).items.map((pair) => entryOf(text, pair, lines));
  const seen = new Set<string>();
  for (const { key, start } of entries) {
    if (seen.has(key))
      throw new Misplaced(start, `${isKey(key) ? key : "a key"} stands here a second time`);
    seen.add(key);
  }
  return entries;
}

const isEmpty = (node: unknown): boolean =>
  isScalar(node) && node.source === "" && node.type === "PLAIN";

function entryOf(text: string, { key, value, srcToken }: Pair, lines: LineCounter): ValueEntry {
  if (!isScalar(key) || !key.range) throw new Misplaced(0, "write it as lines of KEY: value");
  const [keyAt] = key.range;
  const start = lineStart(text, keyAt);
  const indent = text.slice(start, keyAt);
  const colon = srcToken?.sep?.find(({ type }) => type === "map-value-ind")?.offset;
  if (colon === undefined || !/^[ ]*$/.test(indent) || text.slice(keyAt, colon).includes("\n"))
    throw new Misplaced(keyAt, "write it as KEY: value, by itself in its line");
  const keyText = String(key.value);
  if (!isScalar(value) || !value.range || isAlias(value) || isDecorated(srcToken?.sep))
    throw new Misplaced(
      keyAt,
      `${isKey(keyText) ? keyText : "this key"} holds no text; text that begins with a sign belongs in quotes`,
    );
  const { comment, to } = restOf(text, colon + 1, value);
  const shown = String(value.value);
  const isNothing = value.type === "PLAIN" && /^(?:|~|null|Null|NULL)$/.test(shown);
  return {
    key: keyText,
    ...lines.linePos(keyAt),
    value: isNothing ? null : shown,
    indent,
    start,
    slot: { from: colon + 1, to },
    comment,
  };
}

const isDecorated = (sep: readonly { readonly type: string }[] | undefined): boolean =>
  (sep ?? []).some(({ type }) => type === "anchor" || type === "tag");

/** Where the value's lines end, and the comment that stands among them. */
function restOf(
  text: string,
  from: number,
  value: {
    readonly source?: string;
    readonly type?: string;
    readonly range?: readonly number[] | null;
  },
): { readonly comment: string; readonly to: number } {
  const [begin = from, end = from] = value.range ?? [];
  if (value.type?.startsWith("BLOCK_") === true) {
    const header = text.slice(begin, lineEnd(text, begin));
    const comment = /[ \t]+#.*/.exec(header)?.[0] ?? "";
    return {
      comment: comment.trimEnd(),
      to: header.includes("+") ? end : withoutBlankLines(text, end),
    };
  }
  const last = begin === end ? from : end;
  const rest = text.slice(last, lineEnd(text, last));
  const before = /[ \t]+#.*/.exec(text.slice(from, Math.max(from, begin)))?.[0];
  if (!/^[ \t]*(?:$|(?<=[ \t])#)/.test(rest)) throw new Misplaced(last, quoteIt);
  return { comment: (before ?? rest).trimEnd(), to: lineEnd(text, last, true) };
}

/** Blank lines behind a block belong to it for YAML, and for a reader to the file. */
function withoutBlankLines(text: string, end: number): number {
  let to = end;
  while (text[to - 1] === "\n") {
    const start = lineStart(text, to - 1);
    if (start === 0 || !/^[ \t]*\r?\n$/.test(text.slice(start, to))) break;
    to = start;
  }
  return to;
}

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;

function lineEnd(text: string, at: number, withBreak = false): number {
  const found = text.indexOf("\n", at);
  if (found < 0) return text.length;
  if (withBreak) return found + 1;
  return text[found - 1] === "\r" && found > at ? found - 1 : found;
}

function placeIn(text: string, at: number): { readonly line: number; readonly col: number } {
  return { line: text.slice(0, at).split("\n").length, col: at - lineStart(text, at) + 1 };
}
