import type { Listener } from "../model/events.ts";
import { openProgress } from "../report/open-progress.ts";
import type { Context } from "./command.ts";

export interface Progress {
  readonly listen: Listener;
  end(): void;
}

/** On stderr: a live view on a terminal, plain lines elsewhere and with -v. */
export function progressOn({ io, options }: Context): Progress {
  const { err } = io;
  const screen = options.verbose
    ? { isTerminal: false, columns: err.columns, write: err.write }
    : err;
  return openProgress(screen, {
    colour: options.color.err,
    now: () => performance.now(),
    every: (ms, call) => {
      const timer = setInterval(call, ms);
      return () => clearInterval(timer);
    },
  });
}

/** Where only waiting is to be seen: says on a terminal what is waited for. */
export async function whileSaying<T>(
  context: Context,
  text: string,
  work: (listen: Listener) => Promise<T>,
): Promise<T> {
  const { io, options } = context;
  if (!io.err.isTerminal || options.verbose) {
    const { listen, end } = progressOn(context);
    return await work(listen).finally(end);
  }
  const progress = progressOn(context);
  progress.listen({ type: "stage", stage: "observe", text });
  return await work(progress.listen).finally(() => progress.end());
}
