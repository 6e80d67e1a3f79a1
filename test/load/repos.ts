import { load, type LoadOptions } from "../../src/load/load.ts";
import { formatDiagnostic, type Diagnostic } from "../../src/model/diagnostic.ts";
import type { Documents } from "../../src/model/documents.ts";
import { createParseCache } from "../../src/load/cache.ts";
import { snapshotOf, type SnapshotOptions } from "../support/repo.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** What every small repo of these tests has besides what it is about. */
const base: Files = {
  "slipway.yaml": "fleet: acme\n",
  "machines/web-1.yaml": "address: 10.0.0.11\nlabels: { role: web }\n",
};

/** A repo with the base beneath; a file that is `""` in `files` is still there, empty. */
export const repo = (files: Files = {}): Files => ({ ...base, ...files });

/** A file of values; no key opens them, and loading does not try. */
export const armoredYaml = (...keys: readonly string[]): string =>
  keys.map((key) => `${key}: |\n${armor(key).replaceAll(/^/gm, "  ")}\n`).join("");

/** Looks like what age writes. */
export const armor = (content: string): string =>
  [
    "-----BEGIN AGE ENCRYPTED FILE-----",
    ...(Buffer.from(`age-encryption.org/v1\n${content}`)
      .toString("base64")
      .match(/.{1,64}/g) ?? []),
    "-----END AGE ENCRYPTED FILE-----",
  ].join("\n");

// Compiling the schemas once keeps these tests quick; nothing else is shared through it but parsed files.
const cache = createParseCache(1_000);

export interface Case extends LoadOptions, SnapshotOptions {
  readonly files: Files;
}

export async function findingsOf({
  files,
  environment,
  ...snapshot
}: Case): Promise<readonly Diagnostic[]> {
  const options = environment === undefined ? { cache } : { cache, environment };
  return (await load(snapshotOf(files, snapshot), options)).findings;
}

/** Findings as people read them, with their codes. */
export async function told(
  files: Files,
  more: Omit<Case, "files"> = {},
): Promise<readonly string[]> {
  const findings = await findingsOf({ files, ...more });
  return findings.map((finding) => `${finding.code} ${formatDiagnostic(finding)}`);
}

/** The documents of a repo in which nothing is wrong; throws with the findings where something is. */
export async function documentsOf(files: Files, environment?: string): Promise<Documents> {
  const options = environment === undefined ? { cache } : { cache, environment };
  const { documents, findings } = await load(snapshotOf(files), options);
  if (documents === undefined) throw new Error(findings.map(formatDiagnostic).join("\n"));
  return documents;
}
