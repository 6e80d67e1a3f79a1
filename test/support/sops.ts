import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Recipient } from "../../src/secrets/recipients.ts";
import { seal } from "../../src/secrets/seal.ts";

export const sopsFile = (name: string): string =>
  readFileSync(new URL(`../secrets/sops/${name}`, import.meta.url), "utf8");

/** A value of a document, as SOPS has it in its MAC; in an order, as JavaScript may not keep it. */
export type Plain =
  | null
  | { readonly type: "str" | "int" | "float" | "bool"; readonly text: string }
  | readonly Plain[]
  | ReadonlyMap<string, Plain>;

export const str = (text: string): Plain => ({ type: "str", text });

export interface SealOptions {
  readonly macOnlyEncrypted?: boolean;
  readonly isEncrypted?: (path: readonly string[]) => boolean;
  readonly lastModified?: string;
}

/**
 * Makes a file in JSON as SOPS does, written after its source (sops.go, aes/cipher.go, stores/json): for what no file that
 * SOPS made itself was found.
 */
export async function sealSops(
  document: ReadonlyMap<string, Plain>,
  recipients: readonly Recipient[],
  options: SealOptions = {},
): Promise<string> {
  const { macOnlyEncrypted = false, isEncrypted = () => true } = options;
  const lastModified = options.lastModified ?? "2026-01-02T03:04:05Z";
  const key = randomBytes(32);
  const hash = createHash("sha512");
  if (macOnlyEncrypted) hash.update(createHash("sha256").update("sops").digest());
  const json = (value: Plain, path: readonly string[]): string => {
    if (value === null) return "null";
    if (value instanceof Map)
      return `{${[...value].map(([name, inner]: [string, Plain]) => `${JSON.stringify(name)}:${json(inner, [...path, name])}`).join(",\n\t")}}`;
    if (Array.isArray(value)) return `[${value.map((item: Plain) => json(item, path)).join(",")}]`;
    const { type, text } = value as { readonly type: string; readonly text: string };
    const encrypted = isEncrypted(path);
    if (encrypted || !macOnlyEncrypted) hash.update(text);
    if (encrypted)
      return JSON.stringify(
        text === "" ? "" : sealValue(text, type, key, path.map((name) => `${name}:`).join("")),
      );
    return type === "str" ? JSON.stringify(text) : text.toLowerCase();
  };
  const data = json(document, []).slice(1, -1);
  const mac = hash.digest("hex").toUpperCase();
  const age = await Promise.all(
    recipients.map(async (one) => ({ recipient: one.text, enc: await seal(key, [one]) })),
  );
  const sops = {
    age,
    lastmodified: lastModified,
    mac: sealValue(mac, "str", key, lastModified),
    ...(macOnlyEncrypted ? { mac_only_encrypted: true } : {}),
    version: "3.9.0",
  };
  return `{${data}${data === "" ? "" : ","}"sops":${JSON.stringify(sops, null, "\t")}}\n`;
}

function sealValue(text: string, type: string, key: Buffer, context: string): string {
  const iv = randomBytes(32);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(context));
  const data = Buffer.concat([cipher.update(text), cipher.final()]).toString("base64");
  const tag = cipher.getAuthTag().toString("base64");
  return `ENC[AES256_GCM,data:${data},iv:${iv.toString("base64")},tag:${tag},type:${type}]`;
}
