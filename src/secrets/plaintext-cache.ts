import type { Identities } from "./identities.ts";
import { open, type Opened } from "./open.ts";

/**
 * What was opened already, in memory only, by the id of what it was opened from (a blob's id and, in a file of values, the
 * key): the same id is the same ciphertext. The least recently used go first. What failed is tried again.
 */
export class PlaintextCache {
  readonly #limit: number;
  readonly #opened = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(limitBytes = 64 * 1024 * 1024) {
    this.#limit = limitBytes;
  }

  /** As `open`, but for what is known by this id. The bytes belong to the cache: they are not to be changed. */
  async open(
    id: string,
    ciphertext: string | Uint8Array,
    identities: Identities,
    limit?: number,
  ): Promise<Opened> {
    const known = this.known(id);
    if (known !== undefined) return { bytes: known };
    const opened = await open(ciphertext, identities, limit);
    if ("bytes" in opened) this.keep(id, opened.bytes);
    return opened;
  }

  known(id: string): Uint8Array | undefined {
    const known = this.#opened.get(id);
    if (known === undefined) return undefined;
    this.#opened.delete(id);
    this.#opened.set(id, known);
    return known;
  }

  /** What was opened in another way. */
  keep(id: string, bytes: Uint8Array): void {
    if (this.#opened.has(id)) return;
    this.#opened.set(id, bytes);
    this.#bytes += bytes.length + id.length;
    for (const [oldest, { length }] of this.#opened) {
      if (this.#bytes <= this.#limit) break;
      this.#opened.delete(oldest);
      this.#bytes -= length + oldest.length;
    }
  }
}
