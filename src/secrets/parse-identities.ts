import { Decrypter, identityToRecipient } from "age-encryption";
import { decodeUtf8 } from "../lib/bytes.ts";
import { dearmored, isArmored } from "./armor.ts";
import { readHeader } from "./header.ts";
import { Identities, type IdentityKey } from "./identities.ts";
import { keyFileLimit, recipientLimit } from "./limits.ts";
import { sshIdentity, sshPublicKeyText, sshStanza, sshTag } from "./ssh-ed25519.ts";
import { x25519Key } from "./x25519-key.ts";

/** Why a file of identities cannot be used. Nothing of what stands in it is repeated. */
export interface IdentityFailure {
  readonly reason: "passphrase-needed" | "passphrase-wrong" | "damaged" | "unsupported";
  /** One line, without the file's name: `line 3: …`. */
  readonly text: string;
}

export type ParsedIdentities =
  | { readonly identities: Identities }
  | { readonly failure: IdentityFailure };

/** An OpenSSH private key as PKCS #8 in PEM. Handed in, as what reads SSH keys lives elsewhere. */
export type ReadSshKey = (
  text: string,
  passphrase: string | undefined,
) => { readonly pem: string } | { readonly trouble: IdentityFailure["reason"] };

export interface IdentityOptions {
  readonly passphrase?: string;
  readonly readSshKey?: ReadSshKey;
}

/**
 * Reads a file of identities: lines as `age-keygen` writes them, an OpenSSH private key, or such a file that
 * `age -p` has encrypted.
 */
export async function parseIdentities(
  file: string | Uint8Array,
  options: IdentityOptions = {},
): Promise<ParsedIdentities> {
  if (file.length > keyFileLimit) return failed("damaged", "too large for a file of identities");
  const bytes = typeof file === "string" ? Buffer.from(file) : file;
  const start = Buffer.from(bytes.subarray(0, 64)).toString("latin1");
  if (!isArmored(start) && !start.startsWith("age-encryption.org/"))
    return await parsePlain(bytes, options);
  const raw = isArmored(start) ? dearmored(Buffer.from(bytes).toString("latin1")) : bytes;
  const opened = await openWithPassphrase(raw, options.passphrase);
  return "failure" in opened ? opened : await parsePlain(opened.bytes, options);
}

async function openWithPassphrase(
  raw: Uint8Array | undefined,
  passphrase: string | undefined,
): Promise<{ readonly bytes: Uint8Array } | { readonly failure: IdentityFailure }> {
  const header = raw === undefined ? "damaged" : readHeader(raw);
  if (raw === undefined || typeof header === "string")
    return failed("damaged", "the encrypted file of identities is damaged");
  const [stanza] = header.stanzas;
  if (header.stanzas.length !== 1 || stanza?.type !== "scrypt")
    return failed("unsupported", "the file is encrypted, but not with a passphrase");
  if (passphrase === undefined)
    return failed("passphrase-needed", "the file of identities is encrypted with a passphrase");
  try {
    const decrypter = new Decrypter();
    decrypter.addPassphrase(passphrase);
    return { bytes: await decrypter.decrypt(raw) };
  } catch (error) {
    return error instanceof Error && error.message.startsWith("no identity matched")
      ? failed("passphrase-wrong", "the passphrase does not fit the file of identities")
      : failed("damaged", "the encrypted file of identities is damaged");
  }
}

async function parsePlain(bytes: Uint8Array, options: IdentityOptions): Promise<ParsedIdentities> {
  const text = decodeUtf8(bytes);
  if (text === undefined) return failed("damaged", "this is no text, so no file of identities");
  if (/^\s*-----BEGIN /.test(text)) return parseSsh(text, options);
  const keys: IdentityKey[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const word = line.trim();
    if (word === "" || word.startsWith("#")) continue;
    const key = await parseLine(word);
    if ("failure" in key)
      return failed(key.failure.reason, `line ${index + 1}: ${key.failure.text}`);
    if (keys.push(key) > recipientLimit)
      return failed("damaged", `more than ${recipientLimit} identities`);
  }
  return keys.length > 0
    ? { identities: new Identities(keys) }
    : failed("damaged", "there is no identity in the file");
}

async function parseLine(
  line: string,
): Promise<IdentityKey | { readonly failure: IdentityFailure }> {
  if (/^age1|^ssh-/.test(line))
    return failed("damaged", "a recipient stands here, where its private key belongs");
  if (line.startsWith("AGE-PLUGIN-"))
    return failed("unsupported", "identities of plugins are not supported");
  if (!/^AGE-SECRET-KEY-(PQ-)?1/.test(line)) return failed("damaged", "this is no identity of age");
  const stanza = line.startsWith("AGE-SECRET-KEY-PQ-") ? "mlkem768x25519" : "X25519";
  try {
    const recipient = await identityToRecipient(line);
    return { recipient, stanza, key: stanza === "X25519" ? await x25519Key(line) : line };
  } catch {
    // Its message may hold the key.
    return failed("damaged", "this identity's checksum does not fit: a letter is wrong or missing");
  }
}

function parseSsh(text: string, { passphrase, readSshKey }: IdentityOptions): ParsedIdentities {
  if (readSshKey === undefined || !text.includes("-----BEGIN OPENSSH PRIVATE KEY-----"))
    return failed("unsupported", "private keys in this format are not supported");
  const read = readSshKey(text, passphrase);
  if ("trouble" in read) return failed(read.trouble, sshTroubles[read.trouble]);
  const ssh = sshIdentity(read.pem);
  if (ssh === undefined) return failed("unsupported", sshTroubles.unsupported);
  const { key, identity } = ssh;
  const recipient = sshPublicKeyText(key);
  return {
    identities: new Identities([{ recipient, stanza: sshStanza, tag: sshTag(key), key: identity }]),
  };
}

const sshTroubles: Readonly<Record<IdentityFailure["reason"], string>> = {
  "passphrase-needed": "the SSH key is encrypted with a passphrase",
  "passphrase-wrong": "the passphrase does not fit the SSH key, or the key is damaged",
  damaged: "the SSH key is damaged",
  unsupported: "only SSH keys of the type ssh-ed25519 are supported",
};

const failed = (
  reason: IdentityFailure["reason"],
  text: string,
): { readonly failure: IdentityFailure } => ({ failure: { reason, text } });
