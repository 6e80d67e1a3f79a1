import { decodeUtf8 } from "../../lib/bytes.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { fileLimit, headerLimit } from "../../secrets/limits.ts";
import { isSops } from "../../secrets/sops.ts";
import { SourceError } from "../../source/source.ts";
import type { Context } from "../command.ts";
import { UserError } from "../trouble.ts";
import { snapshotOnDisk } from "../working-tree.ts";

/** A file below `secrets/`, as it stands in the folder. */
export interface SecretFile {
  /** From the infra repo's folder. */
  readonly path: string;
  readonly environment?: string;
  /** As references say it: `shop`, `team/shop`; a whole file with its ending, `tls/shop.key.age`. */
  readonly name: string;
  readonly content:
    | { readonly form: "values" | "sops"; readonly text: string }
    | { readonly form: "file"; readonly bytes: Uint8Array }
    /** Why it cannot be read. */
    | { readonly form: "unreadable"; readonly why: string };
}

export interface SecretTree {
  /** In order of path. */
  readonly files: readonly SecretFile[];
  /** Paths of all `.age-recipients`. */
  readonly lists: readonly string[];
  readonly environments: readonly string[];
}

const readLimit = (fileLimit + headerLimit) * 1.5;

/** Everything below `secrets/` that is to be encrypted, in the root and every environment, or in these only. Throws UserError. */
export async function readSecrets(
  context: Context,
  wanted: (environment: string | undefined) => boolean = () => true,
): Promise<SecretTree> {
  const snapshot = await snapshotOnDisk(context);
  if (snapshot.truncated !== undefined)
    throw new UserError("refused", `the repo holds more than is read: ${snapshot.truncated}`);
  const files: SecretFile[] = [];
  const environments = new Set<string>();
  for (const entry of snapshot.entries) {
    const found = /^(?:environments\/([^/]+)\/)?secrets\/(.+\.(?:yaml|age))$/.exec(entry.path);
    const [, environment, rest = ""] = found ?? [];
    const inside = /^environments\/([^/]+)\//.exec(entry.path)?.[1];
    if (inside !== undefined) environments.add(inside);
    // What begins with a dot is the tools' own.
    if (found === null || /(?:^|\/)\./.test(rest) || !wanted(environment)) continue;
    files.push({
      path: entry.path,
      ...(environment === undefined ? {} : { environment }),
      name: rest.replace(/\.yaml$/, ""),
      content: await contentOf(snapshot, entry, rest.endsWith(".age")),
    });
  }
  const lists = snapshot.entries
    .filter(({ path, type }) => /(?:^|\/)\.age-recipients$/.test(path) && type !== "submodule")
    .map(({ path }) => path);
  return { files, lists, environments: [...environments].toSorted() };
}

async function contentOf(
  snapshot: Snapshot,
  { blob, type }: Snapshot["entries"][number],
  isWhole: boolean,
): Promise<SecretFile["content"]> {
  if (type !== "file" && type !== "executable")
    return { form: "unreadable", why: `it is a ${type}, and only files are read` };
  try {
    const bytes = await snapshot.read(blob, readLimit);
    if (isWhole) return { form: "file", bytes };
    const text = decodeUtf8(bytes);
    if (text === undefined) return { form: "unreadable", why: "it is no text (UTF-8)" };
    return { form: isSops(text) ? "sops" : "values", text };
  } catch (error) {
    if (!(error instanceof SourceError) || error.trouble !== "too-large") throw error;
    return { form: "unreadable", why: "it is too large" };
  }
}
