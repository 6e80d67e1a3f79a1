import { createHash } from "node:crypto";
import { sameBytes } from "../lib/bytes.ts";
import type { Identities } from "./identities.ts";
import { fileLimit, recipientLimit } from "./limits.ts";
import { damaged, failed, type OpenFailure } from "./open-failure.ts";
import { open } from "./open.ts";
import { entryOf, readSopsTree, textOf, type SopsTree } from "./sops-tree.ts";
import { isSealedValue, openSealedValue } from "./sops-value.ts";

export interface SopsValue {
  /** Text is in UTF-8; numbers and booleans are as a person writes them. */
  readonly bytes: Uint8Array;
  /** Else it stands in the file for all to read; so does what is empty. */
  readonly isEncrypted: boolean;
}

/** By path: `DB_PASSWORD`, `db.password`, `hosts.0`. Nothing (null) is left out. */
export type SopsValues = ReadonlyMap<string, SopsValue>;

export type OpenedSops = { readonly values: SopsValues } | { readonly failure: OpenFailure };

/** Whether a text is meant to be a file of SOPS: YAML or JSON with its part `sops`. */
export const isSops = (text: string): boolean =>
  /^sops:[ \t]*\r?$/m.test(text) || (/^\s*\{/.test(text) && /"sops"\s*:\s*\{/.test(text));

/**
 * Opens a file that SOPS made for recipients of age. Nothing of it is believed before its MAC fits. Which values are
 * encrypted is seen by how they look and not by the rules in the file (`encrypted_regex` and its like, which the MAC does
 * not cover). Where it covers encrypted values only (`mac_only_encrypted`), the others are left out.
 */
export async function openSops(
  text: string,
  identities: Identities,
  limit = fileLimit,
): Promise<OpenedSops> {
  if (text.length > limit * 1.5) return failed("too-large", "it is too large");
  const tree = readSopsTree(text);
  const sops = entryOf(tree, "sops");
  if (tree?.kind !== "map" || sops?.kind !== "map") return damaged("it is no file of SOPS");
  if (entryOf(sops, "key_groups") !== undefined)
    return failed("unsupported", "its key is split among groups (key_groups), which is not read");
  const key = await dataKey(sops, identities);
  if ("failure" in key) return key;
  const macOnlyEncrypted = textOf(entryOf(sops, "mac_only_encrypted")) === "true";
  const document: SopsTree = { ...tree, entries: tree.entries.filter(([name]) => name !== "sops") };
  const opened = openValues(document, key.bytes, macOnlyEncrypted);
  if (typeof opened === "string") return damaged(opened);
  const context = textOf(entryOf(sops, "lastmodified")) ?? "";
  const mac = openSealedValue(textOf(entryOf(sops, "mac")) ?? "", key.bytes, context);
  if (mac === undefined || !sameBytes(mac.bytes, Buffer.from(opened.mac)))
    return damaged("its MAC does not fit: it was changed by something else than SOPS");
  return { values: opened.values };
}

async function dataKey(
  sops: SopsTree,
  identities: Identities,
): Promise<{ readonly bytes: Uint8Array } | { readonly failure: OpenFailure }> {
  const age = entryOf(sops, "age");
  const sealed = age?.kind === "list" ? age.items.slice(0, recipientLimit) : [];
  const own = new Set(identities.recipients);
  let failure: OpenFailure | undefined;
  for (const item of sealed) {
    const opened = await open(textOf(entryOf(item, "enc")) ?? "", identities);
    if ("bytes" in opened) {
      if (opened.bytes.length === 32) return opened;
      failure = damaged("its key is no key").failure;
    } else if (own.has(textOf(entryOf(item, "recipient")) ?? ""))
      failure = damaged("its key, encrypted to ours, cannot be opened").failure;
  }
  if (failure !== undefined) return { failure };
  return sealed.length === 0
    ? failed("not-a-recipient", "it has no recipients of age")
    : failed("not-a-recipient", "none of our identities is among its recipients");
}

/** What a file of SOPS tells without a key; undefined for what is none. Nothing of it is certain before it was opened. */
export function sopsOutline(
  text: string,
):
  | { readonly sealed: ReadonlyMap<string, string>; readonly recipients: readonly string[] }
  | undefined {
  const tree = readSopsTree(text);
  const sops = entryOf(tree, "sops");
  if (tree?.kind !== "map" || sops?.kind !== "map") return undefined;
  const document: SopsTree = { ...tree, entries: tree.entries.filter(([name]) => name !== "sops") };
  const leaves = [...leavesOf(document, [], "")].filter((leaf) => isSealedValue(leaf.text));
  const age = entryOf(sops, "age");
  const items = age?.kind === "list" ? age.items.slice(0, recipientLimit) : [];
  return {
    sealed: new Map(leaves.map((leaf) => [leaf.path.join("."), leaf.text] as const)),
    recipients: items.flatMap((item) => textOf(entryOf(item, "recipient")) ?? []),
  };
}

/** Opens every value, and works out the MAC over all of them; what is wrong, else. */
function openValues(
  document: SopsTree,
  key: Uint8Array,
  macOnlyEncrypted: boolean,
): { readonly values: SopsValues; readonly mac: string } | string {
  const hash = createHash("sha512");
  // sha256 of "sops": so that one kind of MAC never passes for the other.
  if (macOnlyEncrypted) hash.update(createHash("sha256").update("sops").digest());
  const values = new Map<string, SopsValue>();
  for (const { path, context, text, shown } of leavesOf(document, [], "")) {
    const name = path.join(".");
    const isEncrypted = isSealedValue(text);
    const opened = isEncrypted
      ? openSealedValue(text, key, context)
      : { bytes: Buffer.from(text), shown: Buffer.from(shown) };
    if (opened === undefined) return `the value ${name} was changed or moved`;
    if (values.has(name)) return `two values are called ${name}`;
    if (isEncrypted || !macOnlyEncrypted) {
      hash.update(opened.bytes);
      values.set(name, { bytes: opened.shown, isEncrypted });
    }
  }
  return { values, mac: hash.digest("hex").toUpperCase() };
}

interface PlacedLeaf {
  readonly path: readonly string[];
  /** What a value is bound to: its keys, without places in lists. */
  readonly context: string;
  readonly text: string;
  readonly shown: string;
}

function* leavesOf(
  tree: SopsTree,
  path: readonly string[],
  context: string,
): Generator<PlacedLeaf> {
  if (tree.kind === "leaf") yield { path, context, text: tree.text, shown: tree.shown };
  if (tree.kind === "map")
    for (const [key, value] of tree.entries)
      yield* leavesOf(value, [...path, key], `${context}${key}:`);
  if (tree.kind === "list")
    for (const [index, item] of tree.items.entries())
      yield* leavesOf(item, [...path, String(index)], context);
}
