import { didYouMean } from "../lib/suggest.ts";
import { listed } from "../lib/text.ts";
import { SourceError } from "./source.ts";

/** For a branch that a repository lacks, with those that it has. */
export function noBranch(repo: string, branch: string, there: readonly string[]): SourceError {
  const has = there.length === 0 ? "; it has no commit yet" : `; it has ${listed(there)}`;
  const near = didYouMean(branch, there);
  return new SourceError("missing", `${repo} has no branch ${branch}${near === "" ? has : near}`);
}
