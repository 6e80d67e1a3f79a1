import ssh2 from "ssh2";

/**
 * An OpenSSH private key as PKCS #8 in PEM, for what decrypts with it. What is wrong is told in a word: messages of the
 * parser are not for others to see.
 */
export function readOpenSshKey(
  text: string,
  passphrase: string | undefined,
):
  | { readonly pem: string }
  | { readonly trouble: "passphrase-needed" | "passphrase-wrong" | "damaged" | "unsupported" } {
  const key = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) {
    if (key.message.includes("no passphrase given")) return { trouble: "passphrase-needed" };
    return { trouble: /passphrase/.test(key.message) ? "passphrase-wrong" : "damaged" };
  }
  if (key.type !== "ssh-ed25519" || !key.isPrivateKey()) return { trouble: "unsupported" };
  return { pem: key.getPrivatePEM() };
}
