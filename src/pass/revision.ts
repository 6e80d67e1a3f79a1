import { digestOf } from "../lib/hash.ts";
import { load } from "../load/load.ts";
import { hasErrors, type Diagnostic } from "../model/diagnostic.ts";
import type { Documents } from "../model/documents.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { openSecrets, type OpenedSecrets } from "./secrets.ts";
import type { World } from "./world.ts";

/** One commit of the infra repo, read and checked. */
export interface Revision {
  readonly snapshot: Snapshot;
  readonly subject: string;
  /** Digest of its tree. */
  readonly tree: string;
  /** Undefined when there is an error among the findings. */
  readonly documents?: Documents;
  /** What apps and registries refer to, opened; empty for one that was only loaded. */
  readonly secrets: OpenedSecrets;
  readonly findings: readonly Diagnostic[];
  /** With the environment; `?` where slipway.yaml cannot be read. */
  readonly fleet: string;
}

/** Fetches, loads and decrypts one revision; default: the branch's head. */
export const readRevision = async (world: World, revision?: string): Promise<Revision> =>
  await openRevision(world, await loadRevision(world, revision));

/** Decrypts what one that was loaded refers to. */
export async function openRevision(world: World, loaded: Revision): Promise<Revision> {
  if (loaded.documents === undefined) return loaded;
  const { documents, ...rest } = loaded;
  const { secrets, findings } = await openSecrets(world, documents, loaded.snapshot);
  const found = { ...rest, secrets, findings: [...loaded.findings, ...findings] };
  return hasErrors(findings) ? found : { ...found, documents };
}

/** The same, for what does not need to know its secrets. */
export async function loadRevision(world: World, revision?: string): Promise<Revision> {
  world.listener({ type: "stage", stage: "source", text: "" });
  const snapshot = await world.source.snapshot(revision);
  const commit = await world.source.commit(snapshot.revision);
  const environment = world.environment === undefined ? {} : { environment: world.environment };
  const { documents, findings, fleet } = await load(snapshot, {
    ...environment,
    cache: world.parseCache,
  });
  return {
    snapshot,
    subject: commit.message.split("\n", 1)[0] ?? "",
    tree: digestOf(snapshot.entries),
    secrets: new Map(),
    ...(documents === undefined || hasErrors(findings) ? {} : { documents }),
    findings,
    fleet: fleet ?? "?",
  };
}
