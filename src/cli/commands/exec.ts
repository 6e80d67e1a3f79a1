import { randomBytes } from "node:crypto";
import type { InstanceStatus } from "../../model/status.ts";
import { startOnce } from "../../pass/once.ts";
import { targetsOf } from "../../pass/targets.ts";
import { jsonText } from "../../report/json.ts";
import type { ContainerProcess, Session } from "../../remote/session.ts";
import type { Context, Given, Run } from "../command.ts";
import { chooseInstances } from "../exec/choose.ts";
import { collect } from "../exec/collect.ts";
import { passStreams } from "../exec/streams.ts";
import { exit } from "../exit.ts";
import { isOn, textFlag } from "../given.ts";
import { whileSaying } from "../progress.ts";
import { stopQuietly } from "../stop.ts";
import { UserError } from "../trouble.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const { io, options } = context;
  checkFlags(context, given);
  const [name = ""] = given.args;
  const isForAll = isOn(given, "all");
  const isNew = isOn(given, "new");
  const { world, close } = await openWorld(context, { unpushed: "ignore", secrets: "closed" });
  try {
    const { documents, instances } = await whileSaying(context, "asking the machines", () =>
      chooseInstances(world, name, textFlag(given, "on"), isNew),
    );
    const results: Result[] = [];
    for (const instance of isForAll ? instances : instances.slice(0, 1)) {
      if (isForAll && !options.json)
        io.err.write(`== ${instance.machine} ${instance.app}/${instance.instance}\n`);
      const target = targetsOf(documents).get(instance.machine);
      if (target === undefined) throw new Error(`no target for ${instance.machine}`);
      const session = await world.remote.session(target);
      const command = { session, fleet: documents.fleet, instance };
      results.push(
        isNew ? await runNew(context, given, command) : await runIn(context, given, command),
      );
    }
    if (options.json) io.out.write(jsonText({ version: 1, results }));
    return results.find(({ code }) => code !== exit.done)?.code ?? exit.done;
  } finally {
    await close();
  }
};

/** Throws UserError. */
function checkFlags({ io, options }: Context, given: Given): void {
  if (given.rest.length === 0)
    throw new UserError(
      "usage",
      "exec needs a command behind --",
      "As in: slipway exec shop -- ls -l /",
    );
  const wantsTerminal = isOn(given, "tty");
  if (wantsTerminal && options.json)
    throw new UserError("usage", "--tty and --json exclude each other");
  if (wantsTerminal && !(io.input.isTerminal && io.out.isTerminal))
    throw new UserError(
      "usage",
      "--tty needs a terminal here",
      "Without one -i passes what comes in.",
    );
  if (isOn(given, "all") && isOn(given, "new"))
    throw new UserError(
      "usage",
      "--all and --new exclude each other",
      "--new makes one container.",
    );
  if (isOn(given, "all") && (wantsTerminal || isOn(given, "stdin")))
    throw new UserError("usage", "--all gives no input: leave out -i and -t");
}

/** What became of the command in one container, as `exec --json` tells it. */
interface Result {
  readonly machine: string;
  readonly app: string;
  /** Null where the container was made for the command. */
  readonly instance: number | null;
  readonly container: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly isCut: boolean;
}

interface Command {
  readonly session: Session;
  readonly fleet: string;
  readonly instance: InstanceStatus;
}

const inputOf = (context: Context, given: Given) => {
  const { io } = context;
  const isTerminal = isOn(given, "tty");
  const tty = isTerminal ? { tty: { columns: io.out.columns, rows: io.out.rows } } : {};
  return { isTerminal, stdin: isTerminal || isOn(given, "stdin"), tty };
};

async function runIn(context: Context, given: Given, command: Command): Promise<Result> {
  const { session, instance } = command;
  const { stdin, tty } = inputOf(context, given);
  const { container } = instance;
  const process = await session.execIn({ container, argv: given.rest, stdin, ...tty });
  return await told(context, given, process, { ...instance, container });
}

async function runNew(context: Context, given: Given, command: Command): Promise<Result> {
  const { session, fleet, instance } = command;
  const { stdin, tty } = inputOf(context, given);
  const name = `${fleet}-${instance.app}-once-${randomBytes(4).toString("hex")}`;
  const like = instance.container;
  // From now on an interrupt ends the container, and with it this.
  const stop = stopQuietly(context.io);
  try {
    const once = await startOnce({ session, fleet, like, name, argv: given.rest, stdin, ...tty });
    const end = (): void => void once.stop().catch(() => undefined);
    if (stop.signal.aborted) end();
    stop.signal.addEventListener("abort", end, { once: true });
    try {
      const place = { ...instance, instance: null, container: name };
      return await told(context, given, once.process, place);
    } finally {
      // Without a connection it is ended over there.
      await once.remove().catch(() => undefined);
    }
  } finally {
    stop.end();
  }
}

async function told(
  context: Context,
  given: Given,
  process: ContainerProcess,
  place: Pick<Result, "machine" | "app" | "instance" | "container">,
): Promise<Result> {
  const { io, options } = context;
  const { isTerminal, stdin } = inputOf(context, given);
  const kept = { out: collect(), err: collect() };
  const sinks = options.json ? kept : { out: io.out, err: io.err };
  const code = await passStreams(io, process, { takesInput: stdin, isTerminal, ...sinks });
  const { machine, app, instance, container } = place;
  return {
    machine,
    app,
    instance,
    container,
    code,
    stdout: kept.out.text(),
    stderr: kept.err.text(),
    isCut: kept.out.isCut() || kept.err.isCut(),
  };
}
