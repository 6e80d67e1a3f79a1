import { isSecretKey } from "../lib/secret-items.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import type { FindingCode } from "./codes.ts";
import { collectFindings, type Report } from "./findings.ts";
import { isNull, nodeAt, unknownAt, type Entry, type MapNode, type Node } from "./node.ts";
import { without } from "./merge.ts";
import { parseFile, type ParsedFile } from "./parse.ts";

/**
 * Reads `secrets/<name>.yaml`. What is no ciphertext is a finding and unknown. No finding repeats anything of the file but
 * names of keys: it may be a secret that somebody forgot to encrypt.
 */
export function parseValues(file: string, bytes: Uint8Array): ParsedFile {
  const parsed = parseFile(file, bytes);
  const findings = collectFindings();
  findings.add(parsed.findings.map(discreet));
  const { root } = parsed;
  if (root === undefined) return { findings: findings.all() };
  if (nodeAt(root, ["sops", "mac"])?.kind === "scalar")
    return { root: without(root, "sops"), isSops: true, findings: findings.all() };
  const checked = { ...root, entries: checkedEntries(root, file, findings.report) };
  return { root: checked, findings: findings.all() };
}

/** The command that sets a value where it stands: `team/shop.KEY` in `environments/eu/secrets/team/shop.yaml`. */
function commandFor(file: string, key: string): string {
  const [, environment, name = ""] =
    /^(?:environments\/([^/]+)\/)?secrets\/(.+)\.yaml$/.exec(file) ?? [];
  const flag = environment === undefined ? "" : `--environment ${environment} `;
  return `slipway ${flag}secrets set ${name}.${key}`;
}

const silent: Partial<Record<FindingCode, string>> = {
  "yaml-syntax": "this is not YAML (what stands here is not shown, it may be a secret)",
  "yaml-alias":
    "* stands for nothing that was written before it; an encrypted value begins with -----BEGIN",
  "duplicate-key": "this key stands in the file already",
  "bad-key": "this is not a name for a secret: letters, digits, '_', '.' and '-', at most 255",
};

const discreet = (finding: Diagnostic): Diagnostic => ({
  ...finding,
  message: silent[finding.code as FindingCode] ?? finding.message,
});

function checkedEntries(root: MapNode, file: string, report: Report): ReadonlyMap<string, Entry> {
  return new Map(
    [...root.entries].map(([key, entry]): [string, Entry] => {
      const node = checkedValue(key, entry, file, report);
      return [key, node === entry.node ? entry : { ...entry, node }];
    }),
  );
}

function checkedValue(key: string, { keyAt, node }: Entry, file: string, report: Report): Node {
  if (node.kind === "unknown") return node;
  const refuse = (code: FindingCode, message: string): Node => {
    report(code, code === "bad-key" ? keyAt : node.at, message);
    return unknownAt(node.at);
  };
  if (!isSecretKey(key)) return refuse("bad-key", silent["bad-key"] ?? "");
  if (isNull(node)) return node;
  if (node.kind !== "scalar")
    return refuse(
      "bad-secret",
      `${key} is a ${node.kind}; a secret is one value, encrypted by age (only SOPS has deeper ones)`,
    );
  const problem = typeof node.value === "string" ? problemOf(node.value) : "plain";
  if (problem === undefined) return node;
  if (problem === "plain")
    return refuse(
      "secret-not-encrypted",
      `${key} is not encrypted: everybody who reads the repo reads it. Encrypt it (${commandFor(file, key)}), and once it was pushed replace it: git keeps the old one`,
    );
  return refuse("bad-secret", `${key} ${problem}`);
}

const first = "-----BEGIN AGE ENCRYPTED FILE-----";
const last = "-----END AGE ENCRYPTED FILE-----";

/** What keeps a value from being an armored age file. Whether it can be opened is seen where that is done. */
function problemOf(text: string): string | undefined {
  if (text.startsWith("ENC[AES256_GCM,"))
    return "was encrypted by SOPS, but the file has no part 'sops' any more, without which it cannot be opened";
  const value = text.trim();
  if (!value.startsWith(first)) return "plain";
  if (!value.endsWith(last))
    return "was cut off: the line -----END AGE ENCRYPTED FILE----- is missing";
  const body = value.slice(first.length, -last.length);
  if (/^[A-Za-z0-9+/=\r\n]*$/.test(body) && /^\r?\n[^]*\n$/.test(body)) return undefined;
  return /^[A-Za-z0-9+/=\s]*$/.test(body)
    ? "has lost its lines: write | after the key, and its lines indented below"
    : "plain";
}
