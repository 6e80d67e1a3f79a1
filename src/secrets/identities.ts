import type { webcrypto } from "node:crypto";
import { Decrypter, type Identity } from "age-encryption";
import type { Stanza } from "./header.ts";

/** One private key, held so that it can be used and not seen. */
export interface IdentityKey {
  /** Who encrypts to this is read by it: `age1…`, `age1pq1…`, `ssh-ed25519 AAAA…`. */
  readonly recipient: string;
  readonly stanza: "X25519" | "mlkem768x25519" | "ssh-ed25519";
  /** For SSH keys: how a stanza names this one. */
  readonly tag?: string;
  readonly key: string | webcrypto.CryptoKey | Identity;
}

/** No identity of ours is among the recipients, as far as the file tells. */
export class NoRecipient extends Error {
  override readonly name = "NoRecipient";
}

/** The private keys that open secrets. They cannot be read out again. */
export class Identities {
  readonly #keys: readonly IdentityKey[];
  readonly #decrypter = new Decrypter();

  constructor(keys: readonly IdentityKey[]) {
    this.#keys = keys;
    for (const { key } of keys) this.#decrypter.addIdentity(key);
    // Asked last, when none of ours has found its stanza.
    this.#decrypter.addIdentity({
      unwrapFileKey() {
        throw new NoRecipient("no identity of ours is among the recipients");
      },
    });
  }

  /** Whom to encrypt to, so that these can read it. */
  get recipients(): readonly string[] {
    return this.#keys.map(({ recipient }) => recipient);
  }

  and(others: Identities): Identities {
    return new Identities([...this.#keys, ...others.#keys]);
  }

  /** Whether a stanza may be for one of these: for SSH keys it is known, for the others only the type is. */
  mayOpen({ type, args }: Stanza): boolean {
    return this.#keys.some(({ stanza, tag }) => stanza === type && (tag ?? args[0]) === args[0]);
  }

  /** Opens an age file in its binary form; throws NoRecipient, or another Error for one that is damaged. */
  async decrypt(raw: Uint8Array): Promise<Uint8Array> {
    return await this.#decrypter.decrypt(raw);
  }
}
