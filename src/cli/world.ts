import { systemClock } from "../lib/clock.ts";
import { createParseCache } from "../load/load.ts";
import type { Listener } from "../model/events.ts";
import { readRevision } from "../pass/revision.ts";
import type { Reporter, World } from "../pass/world.ts";
import { createLog, type Log } from "../report/log.ts";
import type { ForgeSetting } from "../forges/detect.ts";
import { openStateDir } from "../store/state-dir.ts";
import type { Context } from "./command.ts";
import { openRepo, type Unpushed } from "./open-repo.ts";
import type { RepoPlace } from "./repo.ts";
import type { OpenReporter } from "./reporter.ts";
import { sshLogin } from "./ssh-login.ts";

export interface OpenWorld {
  readonly world: World;
  readonly place: RepoPlace;
  readonly stateDir: string;
  /** Closes all connections; what was told is sent first, for as long as that is worth it. */
  close(): Promise<void>;
}

export interface WorldWish {
  readonly unpushed: Unpushed;
  /** Tells the ledger and the forge; statuses wait in this file of the state folder, which no other process may have. */
  readonly outbox?: string;
  readonly listener?: Listener;
  readonly log?: Log;
}

const settleMs = 5_000;

/** Puts together what a pass works with, from the options. Throws UserError, SourceError, UnusableKey, StateError. */
export async function openWorld(context: Context, wish: WorldWish): Promise<OpenWorld> {
  const { options, parts } = context;
  const { place, source, stateDir } = await openRepo(context, wish.unpushed);
  try {
    const remote = await parts.openFleet(await sshLogin(context));
    const bare: World = {
      source,
      remote,
      clock: systemClock,
      listener: wish.listener ?? (() => undefined),
      parseCache: createParseCache(),
      ...(options.environment === undefined ? {} : { environment: options.environment }),
      allowRewind: options.allowRewind,
      reporter: silent,
    };
    const log = wish.log ?? commandLog(context);
    const { outbox } = wish;
    const reporter =
      outbox === undefined
        ? undefined
        : await reporterFor(context, bare, { place, stateDir, log, outbox });
    return {
      world: reporter === undefined ? bare : { ...bare, reporter },
      place,
      stateDir,
      close: async () => {
        await reporter?.settle(settleMs);
        await Promise.all([remote.close(), source.close()]);
      },
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Warnings on stderr, and with -v everything. */
const commandLog = ({ io, options }: Context): Log => {
  const say = (text: string): void => io.err.write(text.replace(/^\S+ (\w+) +/, "slipway: $1: "));
  return createLog({
    write: say,
    format: "plain",
    level: options.verbose ? "debug" : "warn",
    now: Date.now,
  });
};

async function reporterFor(
  { options }: Context,
  world: World,
  told: {
    readonly place: RepoPlace;
    readonly stateDir: string;
    readonly log: Log;
    readonly outbox: string;
  },
): Promise<OpenReporter> {
  const { place, stateDir, log, outbox } = told;
  const { openReporter } = await import("./reporter.ts");
  const { forgeToken: token } = options;
  let post: ReturnType<typeof open> | undefined;
  const open = async (secret: string) => {
    const { openPost } = await import("./status-post.ts");
    const file = (await openStateDir(stateDir)).file(outbox, maxOutboxBytes);
    return await openPost({
      place,
      token: secret,
      setting: () => forgeSetting(world),
      file,
      clock: world.clock,
      log,
    });
  };
  return openReporter({
    source: world.source,
    clock: world.clock,
    log,
    post: async () => (token === undefined ? undefined : await (post ??= open(token))),
  });
}

const maxOutboxBytes = 4 * 1024 * 1024;
const triedCommits = 20;

/** `forge:` of the newest commit that can be read: a rejected one has to be told about, too. */
async function forgeSetting(world: World): Promise<ForgeSetting | undefined> {
  for (const { revision } of await world.source.recent(triedCommits)) {
    const { documents } = await readRevision(world, revision);
    if (documents !== undefined) return documents.settings.forge;
  }
  return undefined;
}

/** For what only looks. */
const silent: Reporter = {
  started: async () => await Promise.resolve(),
  ended: async () => await Promise.resolve(),
  resume: async () => await Promise.resolve(),
};
