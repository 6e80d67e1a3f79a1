import { shortest } from "./forms.ts";

/** Many fixed texts that are looked for at once: what a position costs does not grow with their number. */
export class Patterns {
  readonly #names: ReadonlyMap<string, string>;
  readonly #sorted: readonly string[];
  /** Of each the longest other one that it begins with, by place; -1: none. */
  readonly #within: Int32Array;
  /** By the hash of the first characters: whether one begins so. */
  readonly #isFirst = new Uint8Array(hashes);
  readonly longest: number;

  /** Patterns, of at least `shortest` characters, by what they stand for. */
  constructor(names: ReadonlyMap<string, string>) {
    this.#names = names;
    this.#sorted = [...names.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    this.#within = beginningsOf(this.#sorted);
    this.longest = this.#sorted.reduce((longest, { length }) => Math.max(longest, length), 0);
    for (const pattern of this.#sorted) this.#isFirst[hashAt(pattern, 0)] = 1;
  }

  /** The longest that begins here. */
  longestAt(text: string, at: number): { readonly name: string; readonly end: number } | undefined {
    if (text.length - at < shortest || this.#isFirst[hashAt(text, at)] === 0) return undefined;
    const rest = text.slice(at, at + this.longest);
    // What `rest` begins with is the last one before it, or what that begins with.
    let place = this.#firstAfter(rest) - 1;
    const shared = sharedLength(this.#sorted[place] ?? "", rest);
    while (place >= 0 && (this.#sorted[place]?.length ?? 0) > shared)
      place = this.#within[place] ?? -1;
    const pattern = this.#sorted[place];
    const name = pattern === undefined ? undefined : this.#names.get(pattern);
    return pattern === undefined || name === undefined
      ? undefined
      : { name, end: at + pattern.length };
  }

  /** Whether what stands from here to the end may be the beginning of a longer one. */
  mayGoOn(text: string, at: number): boolean {
    const left = text.length - at;
    if (left >= this.longest) return false;
    if (left >= shortest && this.#isFirst[hashAt(text, at)] === 0) return false;
    const rest = text.slice(at);
    return this.#sorted[this.#firstAfter(rest)]?.startsWith(rest) ?? false;
  }

  #firstAfter(text: string): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? "") <= text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function beginningsOf(sorted: readonly string[]): Int32Array {
  const within = new Int32Array(sorted.length);
  const open: number[] = [];
  for (const [place, pattern] of sorted.entries()) {
    while (open.length > 0 && !pattern.startsWith(sorted[open.at(-1) ?? 0] ?? "")) open.pop();
    within[place] = open.at(-1) ?? -1;
    open.push(place);
  }
  return within;
}

function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

const hashes = 1 << 20;

function hashAt(text: string, at: number): number {
  let hash = 0;
  for (let i = at; i < at + shortest; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1);
  return hash >>> 12;
}
