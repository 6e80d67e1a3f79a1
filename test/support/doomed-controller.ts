import { setTimeout as pause } from "node:timers/promises";
import { openController, type ControllerOptions } from "./controller.ts";
import { watchCalls, type Around } from "./counting.ts";

/** What a controller in a process of its own is told, as JSON in its first argument. */
export interface Doom extends ControllerOptions {
  /** The changing call that it does not outlive; none: it ends in peace. */
  readonly call?: number;
  /** Whether it dies instead of sending that call, or just after it was sent. */
  readonly when?: "before" | "after";
  readonly afterMs?: number;
}

/** Says each changing call on stderr, and the outcome on stdout. */
async function main(doom: Doom): Promise<void> {
  const die = (): never => {
    process.kill(process.pid, "SIGKILL");
    throw new Error("unreachable");
  };
  const around: Around = async (call, work) => {
    process.stderr.write(`${call.number} ${call.machine} ${call.text}\n`);
    if (call.number !== doom.call) return await work();
    if (doom.when === "before") return die();
    work().catch(() => undefined);
    await pause(doom.afterMs ?? 3);
    return die();
  };
  const controller = await openController(doom, (remote) => watchCalls(remote, around));
  const outcome = await controller.reconcile();
  await controller.close();
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

await main(JSON.parse(process.argv[2] ?? "{}") as Doom);
