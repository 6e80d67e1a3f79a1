import { join } from "node:path";
import { listed, printableLine } from "../lib/text.ts";
import { systemGit } from "../source/local/system-git.ts";
import { SourceError } from "../source/source.ts";
import type { Context } from "./command.ts";
import type { RepoPlace } from "./repo.ts";

/** What an infra repo consists of. */
const parts = [
  "slipway.yaml",
  "machines",
  "apps",
  "secrets",
  "environments",
  ".age-recipients",
] as const;

/** Only what is committed is planned and deployed: says which files of a work tree are therefore left out. */
export async function warnOfUncommitted({ io }: Context, place: RepoPlace): Promise<void> {
  const files = place.isLocal ? await uncommitted(join(place.repo, place.path ?? "")) : [];
  if (files.length === 0) return;
  const shown = listed(files.map(printableLine), 4);
  io.err.write(`slipway: warning: uncommitted changes are not part of this: ${shown}\n`);
}

/** None where there is no work tree, or no git command that could tell. */
async function uncommitted(folder: string): Promise<readonly string[]> {
  const argv = ["--no-optional-locks", "status", "--porcelain", "--no-renames", "-z", "--"];
  try {
    const { code, stdout } = await systemGit(folder, [...argv, ...parts]);
    if (code !== 0) return [];
    return stdout
      .split("\0")
      .filter((entry) => entry !== "")
      .map((entry) => entry.slice("XY ".length));
  } catch (error) {
    if (error instanceof SourceError) return [];
    throw error;
  }
}
