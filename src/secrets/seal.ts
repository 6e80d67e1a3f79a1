import { Encrypter, type Recipient as AgeRecipient } from "age-encryption";
import { armored } from "./armor.ts";
import { fileLimit } from "./limits.ts";
import type { Recipient } from "./recipients.ts";
import { parseSshPublicKey, sshRecipient } from "./ssh-ed25519.ts";

/** Encrypts for all of these; the text form of an age file, which `age -d` reads. */
export async function seal(
  plaintext: Uint8Array | string,
  recipients: readonly Pick<Recipient, "type" | "text">[],
): Promise<string> {
  const bytes = typeof plaintext === "string" ? new TextEncoder().encode(plaintext) : plaintext;
  if (recipients.length === 0) throw new Error("there is nobody to encrypt to");
  if (bytes.length > fileLimit) throw new Error(`more than ${fileLimit} bytes to encrypt`);
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(ageRecipient(recipient));
  return armored(await encrypter.encrypt(bytes));
}

function ageRecipient({ type, text }: Pick<Recipient, "type" | "text">): string | AgeRecipient {
  if (type !== "ssh-ed25519") return text;
  const key = parseSshPublicKey(text.split(" ")[1] ?? "");
  if (key === undefined) throw new Error("an SSH key that is none");
  return sshRecipient(key);
}
