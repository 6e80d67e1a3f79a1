import { asList } from "../../lib/list.ts";
import { load } from "../../load/load.ts";
import type { Diagnostic } from "../../model/diagnostic.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Context } from "../command.ts";
import { UserError } from "../trouble.ts";
import { snapshotOnDisk } from "../working-tree.ts";

/** What the repo has already. */
export interface RepoLook {
  readonly snapshot: Snapshot;
  /** Names that files stand under: of machines, apps and secrets. */
  readonly taken: ReadonlySet<string>;
  /** By machine: containers that an app takes over. */
  readonly adopted: ReadonlyMap<string, ReadonlySet<string>>;
}

const fileOf = /^(?:environments\/[^/]+\/)?(?:machines|apps|secrets)\/([^/]+?)(?:\.yaml|\/.*)$/;

/** Throws UserError where there are no files in a folder. */
export async function repoLook(context: Context): Promise<RepoLook> {
  const snapshot = await snapshotOnDisk(context);
  const { documents } = await load(snapshot, optionsOf(context));
  const named = snapshot.entries.flatMap(({ path }) => fileOf.exec(path)?.[1] ?? []);
  const adopted = new Map<string, Set<string>>();
  for (const app of documents?.apps.values() ?? [])
    for (const machine of app.machines) {
      const own = asList((app.perMachine.get(machine) ?? app.fields).adopt);
      adopted.set(machine, (adopted.get(machine) ?? new Set<string>()).union(new Set(own)));
    }
  return {
    snapshot,
    taken: new Set([
      ...named,
      ...(documents?.apps.keys() ?? []),
      ...(documents?.machines.keys() ?? []),
    ]),
    adopted,
  };
}

const optionsOf = ({ options: { environment } }: Context): { readonly environment?: string } =>
  environment === undefined ? {} : { environment };

/** What would be wrong with the new files. Throws UserError with the findings. */
export async function checkNew(
  context: Context,
  { snapshot }: RepoLook,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const { findings } = await load(withFiles(snapshot, files), optionsOf(context));
  const own = findings.filter(
    (finding: Diagnostic) => finding.severity === "error" && files.has(finding.where.file),
  );
  if (own.length === 0) return;
  throw new UserError("rejected", "what is there cannot be said in this repo as it is", {
    hint: "Nothing was written. Choose containers with --container NAME.",
    findings: own,
  });
}

function withFiles(snapshot: Snapshot, files: ReadonlyMap<string, string>): Snapshot {
  const blobOf = (path: string): string => `new ${path}`;
  const texts = new Map([...files].map(([path, text]) => [blobOf(path), text]));
  const added = [...files.keys()].map((path) => ({
    path,
    blob: blobOf(path),
    type: "file" as const,
  }));
  const kept = snapshot.entries.filter(({ path }) => !files.has(path));
  return {
    ...snapshot,
    entries: [...kept, ...added].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    read: async (blob, maxBytes) => {
      const text = texts.get(blob);
      return text === undefined
        ? await snapshot.read(blob, maxBytes)
        : new TextEncoder().encode(text);
    },
  };
}
