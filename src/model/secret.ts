import { decodeUtf8, sameBytes } from "../lib/bytes.ts";
import { keyedDigestOfBytes } from "../lib/hash.ts";

/**
 * A value that nobody may see by accident: printed, spread, cloned or turned into JSON it is its name and nothing else.
 * What reads it says `reveal`.
 */
export class Secret {
  readonly #name: string;
  readonly #bytes: Uint8Array;

  /** By its reference, `shop.DB_PASSWORD`, by the path of its `.age` file, or by where a template stands. */
  constructor(name: string, value: Uint8Array | string) {
    this.#name = name;
    this.#bytes =
      typeof value === "string" ? new TextEncoder().encode(value) : new Uint8Array(value);
    Object.freeze(this);
  }

  get name(): string {
    return this.#name;
  }

  /** A copy. */
  reveal(): Uint8Array {
    return new Uint8Array(this.#bytes);
  }

  /** Undefined for what is no text (UTF-8). */
  revealText(): string | undefined {
    return decodeUtf8(this.#bytes);
  }

  /** Whether the values are equal, whatever the names; takes the same time wherever they differ. */
  equals(other: Secret): boolean {
    return sameBytes(this.#bytes, other.#bytes);
  }

  /** What a machine may remember of the value: without its key it says nothing, not even of a guess. */
  fingerprint(machineKey: string): string {
    return fingerprint(this.#bytes, machineKey);
  }

  toString(): string {
    return `[secret ${this.#name}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  get [Symbol.toStringTag](): string {
    return `secret ${this.#name}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** While a machine has no key, nothing of ours is there to compare with: any key shows the same plan. */
export const keyForDisplay = "not yet made";

/** Keyed digest of a secret's bytes, hex. On one machine equal values have equal ones. */
export const fingerprint = (bytes: Uint8Array, machineKey: string): string =>
  keyedDigestOfBytes(machineKey, bytes);
