import { decodeUtf8 } from "../lib/bytes.ts";
import { digestOfBytes } from "../lib/hash.ts";
import type { SealedValue } from "../model/sealed.ts";
import { Secret } from "../model/secret.ts";
import { knownLimit } from "./forms.ts";
import type { Identities } from "./identities.ts";
import { fileLimit, valueLimit } from "./limits.ts";
import { damaged, failed, type OpenFailure } from "./open-failure.ts";
import { PlaintextCache } from "./plaintext-cache.ts";
import { Redactor } from "./redactor.ts";
import { openSops, type OpenedSops } from "./sops.ts";

type Read = (blob: string, maxBytes: number) => Promise<Uint8Array>;

/** The private keys of a fleet; undefined where there are none. */
export type LoadIdentities = (fleet: string) => Promise<Identities | undefined>;

/** So many, and so much of them, are looked for in what is told: those that were opened last. */
const redactLimit = 20_000;
const redactBytes = 16 * 1024 * 1024;

interface Known {
  readonly secret: Secret;
  readonly size: number;
}

/** Opens what a repo holds encrypted, each ciphertext once as long as it is remembered, and knows what it opened. */
export class Opener {
  readonly #load: LoadIdentities;
  readonly #cache: PlaintextCache;
  readonly #keys: Map<string, Identities>;
  /** By name and what it holds: a file of values is another blob with each change, and its values mostly the same. */
  readonly #opened = new Map<string, Known>();
  #bytes = 0;
  readonly #spared = new Set<string>();
  #redactor: Redactor | undefined;

  constructor(
    load: LoadIdentities,
    cache = new PlaintextCache(),
    keys = new Map<string, Identities>(),
  ) {
    this.#load = load;
    this.#cache = cache;
    this.#keys = keys;
  }

  /** Knows what this one knows, with its keys; what it opens besides is forgotten with it. */
  apart(): Opener {
    const other = new Opener(this.#load, this.#cache, this.#keys);
    for (const [key, known] of this.#opened) other.#opened.set(key, known);
    for (const word of this.#spared) other.#spared.add(word);
    other.#bytes = this.#bytes;
    other.#redactor = this.#redactor;
    return other;
  }

  /** Loads the key of this fleet, once; false where there is none. Rejects as `load` does. */
  async prepare(fleet: string): Promise<boolean> {
    const identities = this.#keys.get(fleet) ?? (await this.#load(fleet));
    if (identities !== undefined) this.#keys.set(fleet, identities);
    return identities !== undefined;
  }

  /** With the key of a fleet that was prepared. `read` gives a blob's bytes, and rejects for one that is larger. */
  async open(fleet: string, value: SealedValue, read: Read): Promise<Secret | OpenFailure> {
    const identities = this.#keys.get(fleet);
    if (identities === undefined) return failed("not-a-recipient", "there is no key").failure;
    const opened = await this.#bytesOf(value, identities, read);
    if ("failure" in opened) return opened.failure;
    this.#remember(value.name, opened.bytes);
    return new Secret(value.name, opened.bytes);
  }

  /** The last net: a text without what was opened. */
  redact(text: string): string {
    if (this.#opened.size === 0) return text;
    this.#redactor ??= new Redactor(
      [...this.#opened.values()]
        .map(({ secret }) => secret)
        .filter((secret) => !this.#spared.has(secret.revealText() ?? "")),
    );
    return this.#redactor.redact(text);
  }

  /** Words that everybody reads anyway: a secret that is no more than one of them is left in what is told. */
  spare(words: Iterable<string>): void {
    for (const word of words) {
      if (this.#spared.has(word)) continue;
      this.#spared.add(word);
      this.#redactor = undefined;
    }
  }

  async #bytesOf(
    { id, source }: SealedValue,
    identities: Identities,
    read: Read,
  ): Promise<{ readonly bytes: Uint8Array } | { readonly failure: OpenFailure }> {
    switch (source.form) {
      case "armor":
        return await this.#cache.open(id, source.text, identities, valueLimit);
      case "file": {
        const known = this.#cache.known(id);
        if (known !== undefined) return { bytes: known };
        const raw = await read(source.blob, fileLimit * 2);
        return await this.#cache.open(id, raw, identities, fileLimit);
      }
      case "sops": {
        const known = this.#cache.known(id);
        if (known !== undefined) return { bytes: known };
        const text = decodeUtf8(await read(source.blob, fileLimit));
        if (text === undefined) return damaged("it is no text (UTF-8)");
        return this.#keepAll(source, await openSops(text, identities));
      }
    }
  }

  /** A file of SOPS is opened as a whole: all of it is kept, so that it is done once. */
  #keepAll(
    { blob, key }: { readonly blob: string; readonly key: string },
    opened: OpenedSops,
  ): { readonly bytes: Uint8Array } | { readonly failure: OpenFailure } {
    if ("failure" in opened) return opened;
    for (const [name, { bytes }] of opened.values) this.#cache.keep(`${blob}#${name}`, bytes);
    const bytes = opened.values.get(key)?.bytes;
    return bytes === undefined
      ? damaged(`it has no value '${key}' that its MAC covers`)
      : { bytes };
  }

  #remember(name: string, bytes: Uint8Array): void {
    // More of it is not looked for.
    const beginning = bytes.subarray(0, knownLimit);
    const key = `${digestOfBytes(beginning)} ${name}`;
    const known = this.#opened.get(key);
    if (known !== undefined) {
      this.#opened.delete(key);
      this.#opened.set(key, known);
      return;
    }
    const size = beginning.length + key.length;
    this.#opened.set(key, { secret: new Secret(name, beginning), size });
    this.#bytes += size;
    this.#redactor = undefined;
    for (const [oldest, { size: freed }] of this.#opened) {
      if (this.#opened.size <= redactLimit && this.#bytes <= redactBytes) break;
      this.#opened.delete(oldest);
      this.#bytes -= freed;
    }
  }
}
