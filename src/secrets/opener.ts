import { decodeUtf8 } from "../lib/bytes.ts";
import type { SealedValue } from "../model/sealed.ts";
import { Secret } from "../model/secret.ts";
import type { Identities } from "./identities.ts";
import { fileLimit, valueLimit } from "./limits.ts";
import { damaged, failed, type OpenFailure } from "./open-failure.ts";
import { PlaintextCache } from "./plaintext-cache.ts";
import { Redactor } from "./redactor.ts";
import { openSops, type OpenedSops } from "./sops.ts";

type Read = (blob: string, maxBytes: number) => Promise<Uint8Array>;

/** The private keys of a fleet; undefined where there are none. */
export type LoadIdentities = (fleet: string) => Promise<Identities | undefined>;

/** So many are looked for in what is told: those that were opened last. */
const redactLimit = 20_000;

/** Opens what a repo holds encrypted, each ciphertext once as long as it is remembered, and knows what it opened. */
export class Opener {
  readonly #load: LoadIdentities;
  readonly #cache: PlaintextCache;
  readonly #keys = new Map<string, Identities>();
  #identities: Identities | undefined;
  readonly #opened = new Map<string, Secret>();
  readonly #spared = new Set<string>();
  #redactor: Redactor | undefined;

  constructor(load: LoadIdentities, cache = new PlaintextCache()) {
    this.#load = load;
    this.#cache = cache;
  }

  /** Loads the key of this fleet, once, for all that is opened next; false where there is none. Rejects as `load` does. */
  async prepare(fleet: string): Promise<boolean> {
    this.#identities = this.#keys.get(fleet) ?? (await this.#load(fleet));
    if (this.#identities !== undefined) this.#keys.set(fleet, this.#identities);
    return this.#identities !== undefined;
  }

  /** `read` gives a blob's bytes, and rejects for one that is larger. */
  async open(value: SealedValue, read: Read): Promise<Secret | OpenFailure> {
    const identities = this.#identities;
    if (identities === undefined) return failed("not-a-recipient", "there is no key").failure;
    const opened = await this.#bytes(value, identities, read);
    if ("failure" in opened) return opened.failure;
    const secret = new Secret(value.name, opened.bytes);
    this.#remember(value.id, secret);
    return secret;
  }

  /** The last net: a text without what was opened. */
  redact(text: string): string {
    if (this.#opened.size === 0) return text;
    this.#redactor ??= new Redactor(
      [...this.#opened.values()].filter((secret) => !this.#spared.has(secret.revealText() ?? "")),
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

  async #bytes(
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

  #remember(id: string, secret: Secret): void {
    if (this.#opened.has(id)) return;
    this.#opened.set(id, secret);
    this.#redactor = undefined;
    if (this.#opened.size <= redactLimit) return;
    const [oldest] = this.#opened.keys();
    if (oldest !== undefined) this.#opened.delete(oldest);
  }
}
