import { mapLimit } from "../lib/parallel.ts";
import { type CommitStatus, type Forge, ForgeError } from "./forge.ts";

const asksAtOnce = 4;

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
  const close = async (revision: string): Promise<void> => {
    if (down !== undefined) return void unread.push({ revision, error: down });
    try {
      const left = (await forge.list(revision, signal)).filter(
        (s) => s.state === "pending" && isOwn(s),
      );
      statuses.push(...left.map(decide).filter((s) => s !== undefined));
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error;
      if (error.trouble === "missing") return;
      unread.push({ revision, error });
      if (error.trouble !== "refused") down = error;
    }
  };
  // The first one shows whether the forge can be used at all.
  const [first, ...others] = revisions;
  if (first !== undefined) await close(first);
  await mapLimit(others, asksAtOnce, close);
  return { statuses, unread };
}
