import { parseDuration } from "../../lib/duration.ts";
import { mapLimit } from "../../lib/parallel.ts";
import { listLogSources, readLogs, type LogSource } from "../../observe/logs.ts";
import { targetsOf } from "../../pass/targets.ts";
import type { World } from "../../pass/world.ts";
import type { Documents } from "../../model/documents.ts";
import type { Target } from "../../remote/session.ts";
import { checkApp, checkMachine, readableDocuments } from "../containers.ts";
import type { Context, Given, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { countFlag, isOn, textFlag } from "../given.ts";
import { followMachine } from "../logs/follow.ts";
import { isOf, type SourceLine } from "../logs/lines.ts";
import { createSequencer, mergeByTime } from "../logs/merge.ts";
import { lineShow, type LineShow, type LogTrouble } from "../logs/show.ts";
import { stopQuietly } from "../stop.ts";
import { isExpected, UserError } from "../trouble.ts";
import { openWorld } from "../world.ts";

const usualTail = 100;
const mostTail = 1_000_000;
const atOnce = 20;

export const run: Run = async (context, given) => {
  const { io } = context;
  const [app = ""] = given.args;
  const bounds = boundsOf(given, Date.now());
  const { world, close } = await openWorld(context, { unpushed: "ignore", secrets: "closed" });
  try {
    const documents = await readableDocuments(world);
    const machine = textFlag(given, "on");
    checkMachine(documents, machine);
    const targets = [...targetsOf(documents).values()].filter(
      (t) => machine === undefined || t.machine === machine,
    );
    const note = (text: string): void => io.err.write(`slipway: ${text}\n`);
    const follows = isOn(given, "follow");
    const show = lineShow(context, { withTime: isOn(given, "timestamps"), follows });
    const wish = { world, documents, app, targets, bounds, show, note };
    return follows ? await followAll(context, wish) : await printAll(wish);
  } finally {
    await close();
  }
};

interface Bounds {
  /** Seconds since 1970. */
  readonly since?: string;
  readonly tail?: number;
}

interface Wish {
  readonly world: World;
  readonly documents: Documents;
  readonly app: string;
  readonly targets: readonly Target[];
  readonly bounds: Bounds;
  readonly show: LineShow;
  readonly note: (text: string) => void;
}

/** Throws UserError. With a time to start from, all since then is meant. */
function boundsOf(given: Given, now: number): Bounds {
  const since = textFlag(given, "since");
  const isAll = textFlag(given, "tail") === "all";
  const from = since === undefined ? {} : { since: sinceOf(since, now) };
  if (isAll || (since !== undefined && textFlag(given, "tail") === undefined)) return from;
  return { ...from, tail: countFlag(given, "tail", usualTail, mostTail) };
}

function sinceOf(text: string, now: number): string {
  const at = /^\d+(ms|s|m|h|d)$/.test(text) ? now - parseDuration(text) : Date.parse(text);
  if (!Number.isNaN(at)) return (at / 1000).toFixed(3);
  throw new UserError(
    "usage",
    `--since is '${text}': it is a duration such as 10m, or a time such as 2026-01-31T12:00:00Z`,
  );
}

/** What there is, and then it ends. A machine that is not there is told of and left out. */
async function printAll({
  world,
  documents,
  app,
  targets,
  bounds,
  show,
  note,
}: Wish): Promise<number> {
  const troubles: LogTrouble[] = [];
  const fail = (machine: string, text: string): void => {
    note(`${machine}: ${text}`);
    troubles.push({ machine, text });
  };
  const isWanted = isOf(app, documents.fleet, membersOf(documents, app));
  const found = await mapLimit(targets, atOnce, async (target) => {
    try {
      const session = await world.remote.session(target);
      const sources = (await listLogSources(session, documents.fleet)).filter(isWanted);
      return sources
        .filter((source) => bounds.since !== undefined || !source.name.endsWith("-prev"))
        .map((source) => ({ source, session }));
    } catch (error) {
      if (!isExpected(error)) throw error;
      fail(target.machine, error.message);
      return [];
    }
  });
  const all = found.flat();
  if (all.length === 0) checkApp(documents, app);
  for (const { source } of all) show.expect(source);
  const streams = all.map(({ source, session }) => {
    const lines = readLogs(session, { container: source.id, follow: false, ...bounds });
    return tolerant(source, lines, (text) => fail(source.machine, text));
  });
  for await (const line of mergeByTime(streams)) await show.show(line);
  show.end(troubles);
  return troubles.length === 0 ? exit.done : exit.trouble;
}

async function* tolerant(
  source: LogSource,
  lines: ReturnType<typeof readLogs>,
  fail: (text: string) => void,
): AsyncGenerator<SourceLine> {
  try {
    for await (const line of lines) yield { ...line, source };
  } catch (error) {
    if (!isExpected(error)) throw error;
    fail(error.message);
  }
}

async function followAll(
  { io }: Context,
  { world, documents, app, targets, bounds, show, note }: Wish,
): Promise<number> {
  checkApp(documents, app);
  const stop = stopQuietly(io);
  const sequencer = createSequencer((line) => show.show(line));
  const following = {
    remote: world.remote,
    clock: world.clock,
    fleet: documents.fleet,
    isWanted: isOf(app, documents.fleet, membersOf(documents, app)),
    ...bounds,
    tell: (line: SourceLine) => sequencer.push(line),
    note,
    signal: stop.signal,
  };
  try {
    await Promise.all(targets.map((target) => followMachine(target, following)));
  } finally {
    await sequencer.end();
    stop.end();
  }
  return exit.done;
}

const membersOf = ({ apps }: Documents, family: string): readonly string[] =>
  [...apps.values()].filter((app) => app.family === family).map((app) => app.name);
