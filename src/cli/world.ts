import { systemClock } from "../lib/clock.ts";
import { createParseCache } from "../load/load.ts";
import type { Listener } from "../model/events.ts";
import { loadRevision } from "../pass/revision.ts";
import type { Reporter, World } from "../pass/world.ts";
import { createLog, type Log } from "../report/log.ts";
import type { ForgeSetting } from "../forges/detect.ts";
import { openStateDir } from "../store/state-dir.ts";
import { ageKeysOf } from "./age-key.ts";
import type { Context } from "./command.ts";
import { issuerFor } from "./issuer.ts";
import { openRepo, type Unpushed } from "./open-repo.ts";
import type { RepoPlace } from "./repo.ts";
import type { OpenReporter } from "./reporter.ts";
import { sshLogin } from "./ssh-login.ts";

export interface OpenWorld {
  readonly world: World;
  /** Where one was wished for. */
  readonly reporter?: OpenReporter;
  readonly place: RepoPlace;
  readonly stateDir: string;
  /** Closes all connections; what was told is sent first, for as long as that is worth it. */
  close(): Promise<void>;
}

export interface WorldWish {
  readonly unpushed: Unpushed;
  /** For what neither compares nor changes. */
  readonly secrets?: "closed";
  /** Changes machines, and tells the ledger and the forge; statuses wait in this file of the state folder, which no other process may have. */
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
    const keys = ageKeysOf(context);
    const secrets =
      wish.secrets ??
      (await parts.openSecrets(async (fleet) => await keys(fleet, options.environment)));
    if (secrets !== "closed") context.net.spread((text) => secrets.redact(text));
    const bare: World = {
      source,
      remote,
      clock: systemClock,
      listener: wish.listener ?? (() => undefined),
      parseCache: createParseCache(),
      secrets,
      ...(options.environment === undefined ? {} : { environment: options.environment }),
      allowRewind: options.allowRewind,
      reporter: silent,
    };
    const issuer = wish.outbox === undefined ? {} : { issuer: await issuerFor(context, stateDir) };
    const log = wish.log ?? commandLog(context);
    const { outbox } = wish;
    const reporter =
      outbox === undefined
        ? undefined
        : await reporterFor(context, bare, { place, stateDir, log, outbox });
    return {
      world: { ...bare, ...issuer, ...(reporter === undefined ? {} : { reporter }) },
      ...(reporter === undefined ? {} : { reporter }),
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
const commandLog = ({ io, options, net }: Context): Log => {
  const say = (text: string): void => io.err.write(text.replace(/^\S+ (\w+) +/, "slipway: $1: "));
  return createLog({
    write: say,
    format: "plain",
    level: options.verbose ? "debug" : "warn",
    now: Date.now,
    redact: net.redact,
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
  const { forgeToken: token, forgeApi: allowed } = options;
  let posts: ReturnType<typeof open> | undefined;
  const open = async (secret: string) => {
    const { openPosts } = await import("./status-post.ts");
    return openPosts({
      place,
      token: secret,
      ...(allowed === undefined ? {} : { allowed }),
      setting: (revision) => forgeSetting(world, revision),
      state: await openStateDir(stateDir),
      outbox,
      clock: world.clock,
      log,
    });
  };
  return openReporter({
    source: world.source,
    clock: world.clock,
    log,
    post: async (revision) =>
      token === undefined ? undefined : await (await (posts ??= open(token)))(revision),
  });
}

const triedCommits = 20;

/** `forge:` at a revision; at the newest that can be read where this is rejected, which has to be told about, too. */
async function forgeSetting(world: World, revision: string): Promise<ForgeSetting | undefined> {
  const silently: World = { ...world, listener: () => undefined };
  const { documents } = await loadRevision(silently, revision);
  if (documents !== undefined) return documents.settings.forge;
  for (const earlier of await world.source.recent(triedCommits)) {
    const { documents: readable } = await loadRevision(silently, earlier.revision);
    if (readable !== undefined) return readable.settings.forge;
  }
  return undefined;
}

/** For what only looks. */
const silent: Reporter = {
  started: async () => await Promise.resolve(),
  ended: async () => await Promise.resolve(),
  resume: async () => await Promise.resolve(),
};
