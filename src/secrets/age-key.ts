import { generateIdentity, identityToRecipient } from "age-encryption";

/** A private key and the recipient that others encrypt to. */
export interface AgeKey {
  /** `AGE-SECRET-KEY-1…` */
  readonly identity: string;
  /** `age1…` */
  readonly recipient: string;
}

/** A new key, or the one that this identity is; throws an Error for what is none. */
export async function ageKey(identity?: string): Promise<AgeKey> {
  const secret = identity ?? (await generateIdentity());
  return { identity: secret, recipient: await identityToRecipient(secret) };
}
