import { openSource } from "../source/open.ts";
import type { Source } from "../source/source.ts";
import { defaultStateDir } from "../store/state-dir.ts";
import type { Context } from "./command.ts";
import { findRepo, type RepoPlace } from "./repo.ts";
import { UserError } from "./trouble.ts";

export interface OpenRepo {
  readonly place: RepoPlace;
  readonly source: Source;
  readonly stateDir: string;
}

/** What a clone that is not where its upstream is means: for what only shows machines, nothing. */
export type Unpushed = "refuse" | "warn" | "ignore";

/**
 * Opens the repository that a command is about. A local clone that is not where its upstream is would roll things
 * back or deploy what nobody else has: `refuse`d by what changes machines, with a warning for what plans.
 * Throws UserError, SourceError.
 */
export async function openRepo(context: Context, unpushed: Unpushed): Promise<OpenRepo> {
  const { options, io } = context;
  const place = await findRepo(options, io);
  const { environment, branch, repoToken, allowRewind } = options;
  const stateDir =
    options.state ??
    defaultStateDir(io.env, {
      repo: place.repo,
      ...(place.path === undefined ? {} : { path: place.path }),
      ...(environment === undefined ? {} : { environment }),
    });
  const source = await openSource({
    repo: place.repo,
    branch,
    stateDir,
    ...(place.path === undefined ? {} : { path: place.path }),
    ...(repoToken === undefined ? {} : { token: repoToken }),
    allowRewrite: allowRewind,
  });
  try {
    if (place.isLocal && !options.allowUnpushed && unpushed !== "ignore")
      await checkUpstream(source, context, unpushed);
  } catch (error) {
    await source.close();
    throw error;
  }
  return { place, source, stateDir };
}

async function checkUpstream(
  source: Source,
  { io, options }: Context,
  unpushed: Unpushed,
): Promise<void> {
  const { state, upstream } = await source.upstreamState();
  if (state === "none" || state === "same") return;
  const what = `${options.branch} here ${stateText[state]} ${upstream ?? "its upstream"}`;
  if (unpushed === "warn") return io.err.write(`slipway: warning: ${what}\n`);
  const remedy =
    state === "behind"
      ? "git pull"
      : state === "ahead"
        ? "git push"
        : "git pull --rebase && git push";
  throw new UserError("unpushed", what, `First '${remedy}', or pass --allow-unpushed.`);
}

const stateText = {
  ahead: "is ahead of",
  behind: "is behind",
  diverged: "has diverged from",
} as const;
