import { isSecretReference } from "../lib/secret-items.ts";
import type { Where } from "../model/diagnostic.ts";
import type { SealedValue } from "../model/sealed.ts";
import type { FindingCode } from "./codes.ts";
import type { Findings } from "./findings.ts";
import { mergeLayers, type OnIdleNull } from "./merge.ts";
import {
  emptyMap,
  isNull,
  nodeAt,
  startOf,
  unknownAt,
  type Node,
  type ScalarNode,
} from "./node.ts";
import type { ParsedFile } from "./parse.ts";
import { lacks } from "./reading.ts";
import type { SecretTree } from "./secret-tree.ts";
import type { LayerFile } from "./tree.ts";

/** Everything under `secrets/`, as far as it could be read. */
export interface Secrets {
  /** By full name: `shop.DB_PASSWORD`. */
  readonly values: ReadonlyMap<string, SealedValue>;
  /** By path below `secrets/`. */
  readonly wholeFiles: ReadonlyMap<string, SealedValue>;
  /** What SOPS left in the clear, by full name. */
  readonly plain: ReadonlyMap<string, Where>;
  /** Names of files of values, with the paths of their layers. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** Whether something that could not be read may have this full name. */
  mayHold(name: string): boolean;
}

interface ValueFile {
  readonly name: string;
  readonly root: Node;
}

/** Lays the files of values over each other by key, and gives all that is encrypted its full name. */
export function readSecrets(
  tree: SecretTree,
  parsed: ReadonlyMap<string, ParsedFile>,
  findings: Findings,
): Secrets {
  const files = [...tree.values].map(([name, layers]) => valueFile(name, layers, parsed, findings));
  const values = new Map<string, SealedValue>();
  const plain = new Map<string, Where>();
  const wholeFiles = new Map(
    [...tree.wholeFiles].flatMap(([name, file]) =>
      file.refused === true ? [] : [[name, wholeFile(name, file)] as const],
    ),
  );
  const blobs = new Map(
    [...tree.values.values()].flat().map(({ path, blob }) => [path, blob] as const),
  );
  for (const { name, root } of files) {
    for (const { key, node } of leavesOf(root, [])) {
      const isSops = parsed.get(node.at.file)?.isSops === true;
      const full = `${name}.${key}`;
      if (!isReference(full)) continue;
      const taken = values.get(full)?.where ?? wholeFiles.get(full)?.where;
      if (taken !== undefined) tellTwice(full, node.at, taken, findings);
      else if (isSops && !isOfSops(node.source)) plain.set(full, node.at);
      else values.set(full, sealed(full, key, node, blobs.get(node.at.file) ?? "", isSops));
    }
  }
  return {
    values,
    wholeFiles,
    plain,
    files: new Map([...tree.values].map(([name, layers]) => [name, layers.map((l) => l.path)])),
    mayHold: mayHold(tree, new Map(files.map(({ name, root }) => [name, root]))),
  };
}

function valueFile(
  name: string,
  layers: readonly LayerFile[],
  parsed: ReadonlyMap<string, ParsedFile>,
  findings: Findings,
): ValueFile {
  const reportIdle: OnIdleNull = (_path, { keyAt }) =>
    findings.report(
      "null-unsets-nothing",
      keyAt,
      "null unsets what stands below, and nothing does; a secret is an encrypted value",
    );
  const root = layers.reduce<Node>(
    (below, layer) => {
      const file = layer.refused === true ? undefined : parsed.get(layer.path);
      findings.add(file?.findings ?? []);
      const root = file?.root ?? unknownAt(startOf(layer.path));
      // In a file of SOPS a null may be somebody else's.
      return mergeLayers(below, root, file?.isSops === true ? undefined : reportIdle);
    },
    emptyMap(startOf(layers[0]?.path ?? "")),
  );
  return { name, root };
}

interface Leaf {
  readonly key: string;
  readonly node: ScalarNode;
}

/** Values with their keys as paths: `db.password`, `hosts.0`. */
function leavesOf(node: Node, path: readonly string[]): readonly Leaf[] {
  switch (node.kind) {
    case "unknown":
      return [];
    case "scalar":
      return isNull(node) ? [] : [{ key: path.join("."), node }];
    case "list":
      return node.items.flatMap((item, i) => leavesOf(item, [...path, String(i)]));
    case "map":
      return [...node.entries].flatMap(([key, entry]) => leavesOf(entry.node, [...path, key]));
  }
}

/** As the schemas have it: what cannot be named so is nobody's secret. */
const isReference = (name: string): boolean => name.length <= 300 && isSecretReference(name);

/** What is empty SOPS leaves as it is. */
const isOfSops = (text: string): boolean => text === "" || text.startsWith("ENC[AES256_GCM,");

const sealed = (
  name: string,
  key: string,
  { at, source }: ScalarNode,
  blob: string,
  isSops: boolean,
): SealedValue => ({
  name,
  id: `${blob}#${key}`,
  where: at,
  source: isSops ? { form: "sops", blob, key } : { form: "armor", text: source },
});

const wholeFile = (name: string, { path, blob }: LayerFile): SealedValue => ({
  name,
  id: blob,
  where: startOf(path),
  source: { form: "file", blob },
});

function tellTwice(name: string, where: Where, { file, line }: Where, { report }: Findings): void {
  const code: FindingCode = "secret-ambiguous";
  report(code, where, `${name} is also what ${file}:${line} is called; rename one of the two`);
}

const mayHold =
  (tree: SecretTree, roots: ReadonlyMap<string, Node>) =>
  (name: string): boolean => {
    if (tree.unlisted || tree.wholeFiles.get(name)?.refused === true) return true;
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const root = roots.get(name.slice(0, dot));
      const key = name.slice(dot + 1);
      if (root !== undefined && [[key], key.split(".")].some((path) => isUnknown(root, path)))
        return true;
    }
    return false;
  };

function isUnknown(root: Node, path: readonly string[]): boolean {
  const node = nodeAt(root, path);
  return node === undefined ? !lacks(root, path) : node.kind === "unknown";
}
