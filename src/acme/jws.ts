import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from "node:crypto";
import { canonicalJson } from "../lib/json.ts";
import type { Secret } from "../model/secret.ts";
import { AcmeError } from "./error.ts";

/** Of an account or of a certificate: ECDSA on P-256. */
export const newKey = (): KeyObject =>
  generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;

export const pemOf = (key: KeyObject): string =>
  key.export({ type: "pkcs8", format: "pem" }).toString();

/** Throws AcmeError for what is no key, or one of another sort than ours. */
export function openKey(pem: Secret): KeyObject {
  const key = parsed(pem.revealText() ?? "");
  if (key?.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw new AcmeError("refused", `${pem.name} is no private key on P-256 in PEM`);
  return key;
}

function parsed(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

interface Jwk {
  readonly crv: string;
  readonly kty: string;
  readonly x: string;
  readonly y: string;
}

/** The public half, in the form that others sign and hash. */
function jwkOf(key: KeyObject): Jwk {
  const { crv = "", kty = "", x = "", y = "" } = key.export({ format: "jwk" });
  return { crv, kty, x, y };
}

/** RFC 7638. */
export const thumbprintOf = (key: KeyObject): string => sha256(canonicalJson(jwkOf(key)));

export const sha256 = (text: string): string =>
  createHash("sha256").update(text).digest("base64url");

export interface Protected {
  readonly url: string;
  readonly nonce: string;
  /** The account's URL; without one the key itself is told. */
  readonly kid: string | undefined;
}

/** RFC 7515, flattened. Without a payload: the signed form of a GET. */
export function signed(key: KeyObject, { url, nonce, kid }: Protected, payload?: unknown): string {
  const who = kid === undefined ? { jwk: jwkOf(key) } : { kid };
  const head = base64url({ alg: "ES256", nonce, url, ...who });
  const body = payload === undefined ? "" : base64url(payload);
  const signature = sign("sha256", Buffer.from(`${head}.${body}`), {
    key,
    dsaEncoding: "ieee-p1363",
  });
  return JSON.stringify({
    protected: head,
    payload: body,
    signature: signature.toString("base64url"),
  });
}

const base64url = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString("base64url");
