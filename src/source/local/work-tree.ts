import { moveRef, readRef } from "../git/refs.ts";
import { SourceError } from "../source.ts";
import { systemGit } from "./system-git.ts";
import type { Upstream } from "./upstream.ts";

/** What has to be done in a clone that people work in; by the git command, which knows their logins and their files. */

export async function refreshClone(workTree: string, upstream: Upstream): Promise<void> {
  if (upstream.remote === ".") return;
  const fetched = await systemGit(workTree, ["fetch", "--quiet", "--", upstream.remote]);
  if (fetched.code === 0) return;
  throw new SourceError("unreachable", `git fetch ${upstream.remote} failed: ${fetched.stderr}`);
}

export interface PublishInClone {
  readonly workTree: string;
  readonly gitdir: string;
  readonly commit: string;
  readonly onto: string;
  readonly branch: string;
  /** The branch that is read, not one made for a pull request. */
  readonly isOwnBranch: boolean;
  readonly isCheckedOut: boolean;
  readonly upstream: Upstream | undefined;
}

/**
 * Pushes first, so that a refusal leaves the clone as it was; then moves the branch, with its files where it is checked
 * out (all of them or none, as `git merge --ff-only` does it).
 */
export async function publishInClone(options: PublishInClone): Promise<void> {
  const { workTree, gitdir, commit, onto, branch, isOwnBranch, isCheckedOut, upstream } = options;
  const ref = `refs/heads/${branch}`;
  const before = isOwnBranch ? onto : undefined;
  if ((await readRef(gitdir, ref)) !== before) throw moved(options);
  if (isCheckedOut) {
    await refuseChanges(workTree);
    await refuseInTheWay(workTree, onto, commit);
  }
  if (upstream !== undefined && upstream.remote !== ".") {
    const there = isOwnBranch ? upstream.branch : branch;
    const pushed = await systemGit(workTree, [
      "push",
      "--quiet",
      "--",
      upstream.remote,
      `${commit}:refs/heads/${there}`,
    ]);
    if (pushed.code !== 0) {
      throw new SourceError(
        "denied",
        `git push ${upstream.remote} failed, nothing was changed: ${pushed.stderr}`,
      );
    }
  }
  if (!isCheckedOut) {
    if (!(await moveRef(gitdir, ref, before, commit))) throw moved(options);
    return;
  }
  const merged = await systemGit(workTree, ["merge", "--ff-only", "--quiet", commit]);
  if (merged.code === 0) return;
  const isPushed = upstream !== undefined && upstream.remote !== ".";
  const state = isPushed ? `${commit} is pushed, but ${branch} here` : branch;
  throw new SourceError("moved", `${state} in ${workTree} stays as it is: ${merged.stderr}`);
}

async function refuseChanges(workTree: string): Promise<void> {
  const changed = await systemGit(workTree, ["status", "--porcelain", "--untracked-files=no"]);
  if (changed.code !== 0)
    throw new SourceError("damaged", `git status in ${workTree} failed: ${changed.stderr}`);
  if (changed.stdout === "") return;
  throw new SourceError(
    "moved",
    `${workTree} has changes that are not committed: commit or stash them first`,
  );
}

/** Files that git does not know would be overwritten: what cannot be checked out is not pushed either. */
async function refuseInTheWay(workTree: string, onto: string, commit: string): Promise<void> {
  const tried = await systemGit(workTree, ["read-tree", "-n", "-m", "-u", onto, commit]);
  if (tried.code === 0) return;
  throw new SourceError(
    "moved",
    `nothing was changed, as ${workTree} is in the way: ${tried.stderr}`,
  );
}

const moved = ({ branch, workTree }: PublishInClone): SourceError =>
  new SourceError("moved", `${branch} in ${workTree} has moved, or is there already`);
