import { randomBytes } from "node:crypto";
import { keyedDigestOf } from "../lib/hash.ts";
import { isObject, type Json } from "../lib/json.ts";
import type { JsonFile } from "../lib/json-file.ts";

/**
 * `forge.api` stands in the repo, where everybody who may commit can change it; the token was given by the operator. So a
 * token belongs to the host that it was first used with, and goes to no other until the operator says so.
 */
export interface Standing {
  /** Why nothing is sent. */
  readonly refusal?: string;
  /** What is wrong with the file, where that is all. */
  readonly warning?: string;
}

interface Kept {
  /** What fingerprints are made with: tokens themselves are written nowhere. */
  readonly key: string;
  /** Fingerprint of a token → the origin that it belongs to; the newest last. */
  readonly bound: readonly (readonly [token: string, origin: string])[];
  /** The origin that was refused last: who looks without the token is told, too. */
  readonly refused?: string;
}

const maxTokens = 20;
export const maxBindingBytes = 100_000;

/** Binds a token that is seen for the first time, or that the operator sends to `api` by name. */
export async function bindToken(
  file: JsonFile,
  token: string,
  api: string,
  isAllowed: boolean,
): Promise<Standing> {
  const { kept, warning } = await readKept(file);
  const { origin } = new URL(api);
  const own = fingerprint(kept, token);
  const before = kept.bound.find(([known]) => known === own)?.[1];
  const isRefused = !isAllowed && before !== undefined && before !== origin;
  const others = kept.bound.filter(([known]) => known !== own);
  const next: Kept = isRefused
    ? { ...kept, refused: origin }
    : { key: kept.key, bound: [...others, [own, origin] as const].slice(-maxTokens) };
  const trouble = await saved(file, next);
  if (isRefused) return { refusal: refusalOf(origin, before) };
  const said = trouble ?? warning;
  return said === undefined ? {} : { warning: said };
}

/** The same without binding anything; without the token what was refused last. */
export async function standingOf(
  file: JsonFile,
  token: string | undefined,
  api: string,
): Promise<Standing> {
  const { kept } = await readKept(file);
  const { origin } = new URL(api);
  if (token === undefined)
    return kept.refused === origin ? { refusal: refusalOf(origin, "another host") } : {};
  const own = fingerprint(kept, token);
  const before = kept.bound.find(([known]) => known === own)?.[1];
  return before === undefined || before === origin ? {} : { refusal: refusalOf(origin, before) };
}

const refusalOf = (origin: string, before: string): string =>
  `\`forge.api\` is now at ${origin}, and the token belongs to ${before}: nothing is sent there; SLIPWAY_FORGE_API=URL allows it`;

const fingerprint = ({ key }: Kept, token: string): string =>
  keyedDigestOf(key, token).slice(0, 32);

async function readKept(
  file: JsonFile,
): Promise<{ readonly kept: Kept; readonly warning?: string }> {
  const { value, warning } = await file.read();
  return { kept: keptIn(value), ...(warning === undefined ? {} : { warning }) };
}

function keptIn(stored: Json | undefined): Kept {
  const fresh = { key: randomBytes(32).toString("hex"), bound: [] };
  if (!isObject(stored) || stored["version"] !== 1) return fresh;
  const { key, bound, refused } = stored;
  if (typeof key !== "string" || key === "" || !isObject(bound)) return fresh;
  return {
    key,
    bound: Object.entries(bound).flatMap(([token, origin]) =>
      typeof origin === "string" ? [[token, origin] as const] : [],
    ),
    ...(typeof refused === "string" ? { refused } : {}),
  };
}

/** Where it cannot be written this process goes by what it knows, and says so. */
async function saved(file: JsonFile, { bound, ...kept }: Kept): Promise<string | undefined> {
  try {
    await file.write({ version: 1, ...kept, bound: Object.fromEntries(bound) });
    return undefined;
  } catch (error) {
    return `which host the token belongs to cannot be written down: ${String(error)}`;
  }
}
