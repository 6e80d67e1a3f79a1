import { Stopped } from "../lib/stopped.ts";
import { exit } from "./exit.ts";
import type { Io } from "./io.ts";

export interface Stop {
  /** Aborted with Stopped by the first interrupt. */
  readonly signal: AbortSignal;
  end(): void;
}

/** The first interrupt asks to end at the next safe point, the second one ends at once. */
export function stopOnInterrupt(io: Pick<Io, "err" | "onInterrupt" | "quit">): Stop {
  const controller = new AbortController();
  const end = io.onInterrupt(() => {
    if (controller.signal.aborted) return io.quit(exit.interrupted);
    io.err.write("slipway: stopping at the next safe point; once more to stop at once\n");
    controller.abort(new Stopped());
  });
  return { signal: controller.signal, end };
}

/** Every interrupt ends what has no end of its own. */
export function stopQuietly(io: Pick<Io, "onInterrupt" | "quit">): Stop {
  const controller = new AbortController();
  const end = io.onInterrupt(() => {
    if (controller.signal.aborted) io.quit(exit.interrupted);
    controller.abort(new Stopped());
  });
  return { signal: controller.signal, end };
}
