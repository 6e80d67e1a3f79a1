import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { Stanza, type Identity, type Recipient } from "age-encryption";
import { decodeBareBase64, decodeBase64 } from "../lib/bytes.ts";

/*
 * SSH keys as age uses them (filippo.io/age/agessh): the Ed25519 key is taken over to Curve25519, and the key that was
 * agreed on is bound to the SSH key by a tweak.
 */
const label = "age-encryption.org/v1/ssh-ed25519";
export const sshStanza = "ssh-ed25519";

export interface SshPublicKey {
  /** As SSH sends it; `ssh-ed25519 ` and its base64 is the key in text. */
  readonly wire: Uint8Array;
  /** The point itself. */
  readonly point: Uint8Array;
}

const wirePrefix = Buffer.concat([
  Buffer.of(0, 0, 0, 11),
  Buffer.from(sshStanza),
  Buffer.of(0, 0, 0, 32),
]);

/** Of the base64 in `ssh-ed25519 AAAA…`. */
export function parseSshPublicKey(base64: string): SshPublicKey | undefined {
  const wire = decodeBase64(base64);
  if (wire?.length !== wirePrefix.length + 32) return undefined;
  if (!wirePrefix.equals(wire.subarray(0, wirePrefix.length))) return undefined;
  return { wire, point: wire.subarray(wirePrefix.length) };
}

export const sshPublicKeyText = ({ wire }: SshPublicKey): string =>
  `${sshStanza} ${Buffer.from(wire).toString("base64")}`;

/** By which a stanza says which SSH key it is for. */
export const sshTag = ({ wire }: SshPublicKey): string =>
  bare(createHash("sha256").update(wire).digest().subarray(0, 4));

export const sshRecipient = (key: SshPublicKey): Recipient => ({
  wrapFileKey(fileKey) {
    const { privateKey } = generateKeyPairSync("x25519");
    const share = rawPublic(privateKey);
    const theirs = montgomery(key.point);
    const wrapping = wrappingKey(agreed(privateKey, theirs), key, share, theirs);
    const cipher = createCipheriv("chacha20-poly1305", wrapping, nonce(), { authTagLength: 16 });
    const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
    return [new Stanza([sshStanza, sshTag(key), bare(share)], new Uint8Array(body))];
  },
});

/** Of a private Ed25519 key in PKCS #8; undefined for any other key. */
export function sshIdentity(pem: string): { key: SshPublicKey; identity: Identity } | undefined {
  const { kty, crv, d, x } = createPrivateKey(pem).export({ format: "jwk" });
  if (kty !== "OKP" || crv !== "Ed25519" || d === undefined || x === undefined) return undefined;
  const point = Buffer.from(x, "base64url");
  const key = { wire: Buffer.concat([wirePrefix, point]), point };
  const seed = createHash("sha512").update(Buffer.from(d, "base64url")).digest();
  const secret = privateOf(seed.subarray(0, 32));
  return { key, identity: { unwrapFileKey: (stanzas) => unwrap(stanzas, key, secret) } };
}

/** Throws where a stanza for this key is damaged. */
function unwrap(
  stanzas: readonly Stanza[],
  key: SshPublicKey,
  secret: KeyObject,
): Uint8Array | null {
  for (const { args, body } of stanzas) {
    if (args[0] !== sshStanza || args[1] !== sshTag(key)) continue;
    const share = decodeBareBase64(args[2] ?? "");
    if (args.length !== 3 || share?.length !== 32 || body.length !== 32)
      throw new Error("invalid ssh-ed25519 stanza");
    const wrapping = wrappingKey(agreed(secret, share), key, share, rawPublic(secret));
    const cipher = createDecipheriv("chacha20-poly1305", wrapping, nonce(), { authTagLength: 16 });
    cipher.setAuthTag(body.subarray(16));
    return new Uint8Array(Buffer.concat([cipher.update(body.subarray(0, 16)), cipher.final()]));
  }
  return null;
}

function wrappingKey(
  shared: Uint8Array,
  { wire }: SshPublicKey,
  share: Uint8Array,
  recipient: Uint8Array,
): Uint8Array {
  const tweak = new Uint8Array(hkdfSync("sha256", new Uint8Array(), wire, label, 32));
  const bound = agreed(privateOf(tweak), shared);
  return new Uint8Array(hkdfSync("sha256", bound, Buffer.concat([share, recipient]), label, 32));
}

const spki = Buffer.from("302a300506032b656e032100", "hex");
const pkcs8 = Buffer.from("302e020100300506032b656e04220420", "hex");

const privateOf = (scalar: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([pkcs8, scalar]), format: "der", type: "pkcs8" });

const rawPublic = (privateKey: KeyObject): Uint8Array =>
  createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(spki.length);

const agreed = (privateKey: KeyObject, point: Uint8Array): Uint8Array =>
  diffieHellman({
    privateKey,
    publicKey: createPublicKey({ key: Buffer.concat([spki, point]), format: "der", type: "spki" }),
  });

/** Each wrapping key is used once. */
const nonce = (): Uint8Array => new Uint8Array(12);

const bare = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString("base64").replace(/=+$/, "");

const prime = 2n ** 255n - 19n;

/** The u of a public Ed25519 point on Curve25519: (1 + y) / (1 - y). Nothing here is secret. */
function montgomery(point: Uint8Array): Uint8Array {
  const y = BigInt(`0x${Buffer.from(point).reverse().toString("hex")}`) % 2n ** 255n;
  const u = ((1n + y) * power((1n - y + prime) % prime, prime - 2n)) % prime;
  return Buffer.from(u.toString(16).padStart(64, "0"), "hex").reverse();
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let rest = exponent, square = base; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}
