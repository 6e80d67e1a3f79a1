import { createHash } from "node:crypto";

/** Of a raw public key, as OpenSSH prints it: `SHA256:…`. */
export const keyFingerprint = (blob: Uint8Array): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/** Of a public key in text: `ssh-ed25519 AAAA…`. */
export const textFingerprint = (text: string): string =>
  keyFingerprint(Buffer.from(text.split(" ", 2)[1] ?? "", "base64"));

/** Without what stands behind the key. */
export const withoutComment = (text: string): string => text.trim().split(/\s+/, 2).join(" ");

/** Where a server keeps it: what a person compares a fingerprint with. */
export const hostKeyFile = (text: string): string => {
  const [type = ""] = text.split(" ", 1);
  return `/etc/ssh/ssh_host_${type.replace(/^ssh-/, "").replace(/^(ecdsa)-.*/, "$1")}_key.pub`;
};
