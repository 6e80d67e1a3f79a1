import { openLiveView } from "./live-view.ts";
import {
  type Progress,
  progressLine,
  type ProgressOptions,
  type ProgressScreen,
} from "./progress.ts";
import { painter } from "./style.ts";

/** A live view on a terminal, plain lines elsewhere. */
export function openProgress(screen: ProgressScreen, options: ProgressOptions): Progress {
  if (screen.isTerminal) return openLiveView(screen, options);
  const paint = painter(options.colour ?? false);
  return {
    listen: (event) => {
      const line = progressLine(event, paint);
      if (line !== undefined) screen.write(`${line}\n`);
    },
    end: () => undefined,
  };
}
