import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { depthLimit, isBounded } from "./bounded.ts";
import { boolLeaf, leaf, numberText, plainScalar, type SopsScalar } from "./sops-scalar.ts";

export type SopsMap = {
  readonly kind: "map";
  readonly entries: readonly (readonly [key: string, value: SopsTree])[];
};
export type SopsTree =
  | SopsScalar
  | { readonly kind: "list"; readonly items: readonly SopsTree[] }
  | SopsMap;

/** Reads JSON or YAML as SOPS does, in the order of the file; undefined for what SOPS would not have written. */
export function readSopsTree(text: string): SopsTree | undefined {
  try {
    if (!text.trimStart().startsWith("{")) return readYaml(text);
    const value: unknown = JSON.parse(text);
    // JavaScript moves such keys to the front, and the MAC goes by the order.
    return /"\d+"\s*:/.test(text) ? readYaml(text, true) : fromJson(value, 0);
  } catch {
    return undefined; // no JSON, no YAML, or nested too deep
  }
}

export const entryOf = (tree: SopsTree | undefined, name: string): SopsTree | undefined =>
  tree?.kind === "map" ? tree.entries.find(([key]) => key === name)?.[1] : undefined;

export function textOf(tree: SopsTree | undefined): string | undefined {
  return tree?.kind === "leaf" ? tree.shown : undefined;
}

function fromJson(value: unknown, depth: number): SopsTree {
  if (depth > depthLimit) throw new Error("too deep");
  if (value === null) return { kind: "null" };
  if (typeof value === "string") return leaf(value);
  if (typeof value === "number") return leaf(numberText(value));
  if (typeof value === "boolean") return boolLeaf(value);
  if (Array.isArray(value))
    return { kind: "list", items: value.map((item) => fromJson(item, depth + 1)) };
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  return {
    kind: "map",
    entries: entries.map(([key, inner]) => [key, fromJson(inner, depth + 1)]),
  };
}

function readYaml(text: string, isJson = false): SopsTree | undefined {
  if (!isBounded(text)) return undefined;
  const document = parseDocument(text, {
    schema: "failsafe",
    version: "1.2",
    uniqueKeys: false,
    logLevel: "error",
    prettyErrors: false,
  });
  return document.errors.length > 0 ? undefined : fromYaml(document.contents, 0, isJson);
}

function fromYaml(node: unknown, depth: number, isJson: boolean): SopsTree {
  if (depth > depthLimit) throw new Error("too deep");
  if (node === null) return { kind: "null" };
  if (isScalar(node)) {
    const text = String(node.value);
    if (node.type !== "PLAIN" || node.tag !== undefined) return leaf(text);
    return isJson && /^[-\d]/.test(text) ? leaf(numberText(Number(text))) : plainScalar(text);
  }
  if (isSeq(node))
    return { kind: "list", items: node.items.map((item) => fromYaml(item, depth + 1, isJson)) };
  // SOPS writes no aliases.
  if (!isMap(node)) throw new Error("no value");
  const entries = node.items.map(({ key, value }): readonly [string, SopsTree] => {
    if (!isScalar(key)) throw new Error("a key that is no scalar");
    return [String(key.value), fromYaml(value, depth + 1, isJson)];
  });
  if (new Set(entries.map(([key]) => key)).size < entries.length) throw new Error("a key twice");
  return { kind: "map", entries };
}
