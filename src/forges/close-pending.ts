import { type CommitStatus, type Forge, ForgeError } from "./forge.ts";

export interface Closing {
  /** To be put into the outbox. */
  readonly statuses: readonly CommitStatus[];
  /** Commits whose statuses could not be read, and why: to be looked at again. */
  readonly unread: readonly { readonly revision: string; readonly error: ForgeError }[];
}

/**
 * Finds the statuses that a controller left pending when it died, on the context `contextPrefix` and those below it.
 * `decide` says how each ends; undefined leaves it. Commits that the forge does not know have none.
 */
export async function closePending(
  forge: Forge,
  revisions: readonly string[],
  contextPrefix: string,
  decide: (left: CommitStatus) => CommitStatus | undefined,
  signal?: AbortSignal,
): Promise<Closing> {
  const statuses: CommitStatus[] = [];
  const unread: { revision: string; error: ForgeError }[] = [];
  const isOwn = (s: CommitStatus): boolean =>
    s.context === contextPrefix || s.context.startsWith(`${contextPrefix}/`);
  let down: ForgeError | undefined;
  for (const revision of revisions) {
    if (down !== undefined) {
      unread.push({ revision, error: down });
      continue;
    }
    try {
      const left = (await forge.list(revision, signal)).filter(
        (s) => s.state === "pending" && isOwn(s),
      );
      statuses.push(...left.map(decide).filter((s) => s !== undefined));
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error;
      if (error.trouble === "missing") continue;
      unread.push({ revision, error });
      if (error.trouble !== "refused") down = error;
    }
  }
  return { statuses, unread };
}
