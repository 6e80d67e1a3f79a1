import type { InstanceStatus } from "../../model/status.ts";
import { targetsOf } from "../../pass/targets.ts";
import type { World } from "../../pass/world.ts";
import type { Documents } from "../../model/documents.ts";
import type { ContainerProcess } from "../../remote/session.ts";
import { checkMachine, chooseApp, findContainers, serving } from "../containers.ts";
import type { Context, Given, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { isOn, textFlag } from "../given.ts";
import type { Screen } from "../io.ts";
import { whileSaying } from "../progress.ts";
import { UserError } from "../trouble.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const { io } = context;
  if (given.rest.length === 0)
    throw new UserError("exec needs a command behind --", "As in: slipway exec shop -- ls -l /");
  const wantsTerminal = isOn(given, "tty");
  if (wantsTerminal && !(io.input.isTerminal && io.out.isTerminal))
    throw new UserError("--tty needs a terminal here", "Without one -i passes what comes in.");
  const isForAll = isOn(given, "all");
  if (isForAll && (wantsTerminal || isOn(given, "stdin")))
    throw new UserError("--all gives no input: leave out -i and -t");
  const { world, close } = await openWorld(context, { unpushed: "ignore" });
  try {
    const { documents, instances } = await whileSaying(context, "asking the machines", () =>
      choose(world, given),
    );
    const chosen = isForAll ? instances : instances.slice(0, 1);
    let worst: number = exit.done;
    for (const instance of chosen) {
      if (isForAll) io.err.write(`== ${instance.machine} ${instance.app}/${instance.instance}\n`);
      const code = await execIn(context, world, documents, instance, given);
      if (worst === exit.done) worst = code;
    }
    return worst;
  } finally {
    await close();
  }
};

/** Instances that may be asked, the healthiest first. Throws UserError where there is none. */
async function choose(
  world: World,
  given: Given,
): Promise<{ readonly documents: Documents; readonly instances: readonly InstanceStatus[] }> {
  const [name = ""] = given.args;
  const machine = textFlag(given, "on");
  const { documents, apps, machines } = await findContainers(world);
  checkMachine(documents, machine);
  const all = chooseApp(apps, documents, name).flatMap((app) => app.instances);
  const instances = serving(all).filter((i) => machine === undefined || i.machine === machine);
  if (instances.length > 0) return { documents, instances };
  const silent = machines
    .filter((m) => m.why !== undefined)
    .map((m) => `${m.name}: ${m.why ?? ""}`);
  throw new UserError(
    `no instance of ${name} runs${machine === undefined ? "" : ` on ${machine}`}`,
    silent.length > 0 ? `Not asked: ${silent.join("; ")}` : "'slipway ps' shows what there is.",
  );
}

async function execIn(
  { io }: Context,
  world: World,
  documents: Documents,
  instance: InstanceStatus,
  given: Given,
): Promise<number> {
  const target = targetsOf(documents).get(instance.machine);
  if (target === undefined) throw new Error(`no target for ${instance.machine}`);
  const isTerminal = isOn(given, "tty");
  const takesInput = isTerminal || isOn(given, "stdin");
  const session = await world.remote.session(target);
  const size = { columns: io.out.columns, rows: io.out.rows };
  const process = await session.execIn({
    container: instance.container,
    argv: given.rest,
    stdin: takesInput,
    ...(isTerminal ? { tty: size } : {}),
  });
  const letGo = takesInput ? passInput(io, process, isTerminal) : undefined;
  const endResize = isTerminal
    ? io.onResize(() => void process.resize(io.out.columns, io.out.rows).catch(() => undefined))
    : undefined;
  try {
    await Promise.all([pass(process.stdout, io.out), pass(process.stderr, io.err)]);
    return await process.exited;
  } finally {
    endResize?.();
    letGo?.();
  }
}

async function pass(from: AsyncIterable<Uint8Array>, to: Screen): Promise<void> {
  for await (const chunk of from) to.write(chunk);
}

/** Gives what comes in to the command until either ends. */
function passInput(io: Context["io"], process: ContainerProcess, isRaw: boolean): () => void {
  let isOpen = true;
  if (isRaw) io.input.setRaw(true);
  const feed = async (): Promise<void> => {
    for await (const chunk of io.input.chunks) if (isOpen) process.write(chunk);
    if (isOpen) process.end();
  };
  feed().catch(() => undefined);
  return () => {
    isOpen = false;
    if (isRaw) io.input.setRaw(false);
    io.input.release();
  };
}
