import { shortest } from "./forms.ts";

/** Many fixed texts that are looked for at once: what a position costs does not grow with their number. */
export class Patterns {
  readonly #names: ReadonlyMap<string, string>;
  readonly #sorted: readonly string[];
  /** By the hash of its first characters: which lengths to try, the longest first. */
  readonly #lengths = new Map<number, number[]>();
  readonly #isFirst = new Uint8Array(hashes);
  readonly longest: number;

  /** Patterns, of at least `shortest` characters, by what they stand for. */
  constructor(names: ReadonlyMap<string, string>) {
    this.#names = names;
    this.#sorted = [...names.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    this.longest = this.#sorted.reduce((longest, { length }) => Math.max(longest, length), 0);
    for (const pattern of this.#sorted) {
      const hash = hashAt(pattern, 0);
      const lengths = this.#lengths.get(hash) ?? [];
      if (!lengths.includes(pattern.length)) lengths.push(pattern.length);
      this.#lengths.set(hash, lengths);
      this.#isFirst[hash] = 1;
    }
    for (const lengths of this.#lengths.values()) lengths.sort((a, b) => b - a);
  }

  /** The longest that begins here. */
  longestAt(text: string, at: number): { readonly name: string; readonly end: number } | undefined {
    if (text.length - at < shortest) return undefined;
    const hash = hashAt(text, at);
    if (this.#isFirst[hash] === 0) return undefined;
    for (const length of this.#lengths.get(hash) ?? []) {
      const end = at + length;
      const name = end > text.length ? undefined : this.#names.get(text.slice(at, end));
      if (name !== undefined) return { name, end };
    }
    return undefined;
  }

  /** Whether what stands from here to the end may be the beginning of a longer one. */
  mayGoOn(text: string, at: number): boolean {
    const left = text.length - at;
    if (left >= this.longest) return false;
    if (left >= shortest && this.#isFirst[hashAt(text, at)] === 0) return false;
    const rest = text.slice(at);
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? "") <= rest) low = middle + 1;
      else high = middle;
    }
    return this.#sorted[low]?.startsWith(rest) ?? false;
  }
}

const hashes = 1 << 20;

function hashAt(text: string, at: number): number {
  let hash = 0;
  for (let i = at; i < at + shortest; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1);
  return hash >>> 12;
}
