import { createDecipheriv } from "node:crypto";
import { decodeBase64 } from "../lib/bytes.ts";

/** What stands in `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`. */
interface Sealed {
  readonly data: Uint8Array;
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
  readonly type: string;
}

export const isSealedValue = (text: string): boolean => text.startsWith("ENC[AES256_GCM,");

function parseSealed(text: string): Sealed | undefined {
  const base64 = "([A-Za-z0-9+/]+={0,2})";
  const form = new RegExp(
    `^ENC\\[AES256_GCM,data:${base64},iv:${base64},tag:${base64},type:([a-z0-9]+)\\]$`,
  );
  const [, ...parts] = form.exec(text) ?? [];
  const [data, iv, tag] = parts.slice(0, 3).map(decodeBase64);
  const type = parts[3];
  if (data === undefined || iv === undefined || tag === undefined || type === undefined)
    return undefined;
  // A shorter tag would be easier to forge.
  return iv.length >= 12 && iv.length <= 64 && tag.length === 16
    ? { data, iv, tag, type }
    : undefined;
}

/** A value as the bytes that the MAC is over, and as a person reads it. Undefined unless all of it is as it was sealed. */
export function openSealedValue(
  text: string,
  key: Uint8Array,
  context: string,
): { readonly bytes: Uint8Array; readonly shown: Uint8Array } | undefined {
  const sealed = parseSealed(text);
  if (sealed === undefined) return undefined;
  const cipher = createDecipheriv("aes-256-gcm", key, sealed.iv, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(context)).setAuthTag(sealed.tag);
  try {
    const bytes = Buffer.concat([cipher.update(sealed.data), cipher.final()]);
    return { bytes, shown: sealed.type === "bool" ? shownBool(bytes) : bytes };
  } catch {
    return undefined;
  }
}

const shownBool = (bytes: Buffer): Buffer => Buffer.from(bytes.toString().toLowerCase());
