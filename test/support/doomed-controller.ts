import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { openController, type ControllerOptions } from "./controller.ts";
import { watchCalls, type Around } from "./counting.ts";

/** What a controller in a process of its own is told, as JSON in its first argument. */
export interface Doom extends ControllerOptions {
  /** Default: the branch's head. */
  readonly revision?: string;
  /** The changing call that it does not outlive; none: it ends in peace. */
  readonly call?: number;
  /** Whether it dies instead of sending that call, or just after it was sent. */
  readonly when?: "before" | "after";
  readonly afterMs?: number;
  /** Patterns of changing calls in their order: when the last one has been answered, it goes on once it is told to. */
  readonly holdAfter?: readonly string[];
}

/** A changing call as it is said on stderr, a line each: when it began and ended. Milliseconds since 1970. */
export interface CallMade {
  readonly number: number;
  readonly machine: string;
  readonly text: string;
  readonly fromMs: number;
  readonly toMs?: number;
  /** It is held after this one. */
  readonly holds?: boolean;
}

/** Says each changing call on stderr, what waits as it waits, and the outcome on stdout. */
async function main(doom: Doom): Promise<void> {
  const die = (): never => {
    process.kill(process.pid, "SIGKILL");
    throw new Error("unreachable");
  };
  const nowMs = (): number => performance.timeOrigin + performance.now();
  const say = (made: CallMade): void => void process.stderr.write(`${JSON.stringify(made)}\n`);
  const isLast = inOrder(doom.holdAfter ?? []);
  const around: Around = async (call, work) => {
    const fromMs = nowMs();
    say({ ...call, fromMs });
    if (call.number === doom.call) {
      if (doom.when === "before") return die();
      work().catch(() => undefined);
      await pause(doom.afterMs ?? 3);
      return die();
    }
    try {
      return await work();
    } finally {
      const holds = isLast(call.text);
      say({ ...call, fromMs, toMs: nowMs(), holds });
      if (holds) await once(process.stdin.resume(), "end");
    }
  };
  const controller = await openController(doom, (remote) => watchCalls(remote, around));
  const { revision } = doom;
  const outcome = await controller.reconcile(revision === undefined ? {} : { revision });
  await controller.close();
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

/** Whether a text is the one that the last of the patterns waits for, after those before it have had theirs. */
function inOrder(patterns: readonly string[]): (text: string) => boolean {
  const left = patterns.map((source) => new RegExp(source));
  return (text) => {
    if (left[0]?.test(text) !== true) return false;
    left.shift();
    return left.length === 0;
  };
}

await main(JSON.parse(process.argv[2] ?? "{}") as Doom);
