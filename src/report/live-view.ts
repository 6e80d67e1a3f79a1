import { cutToColumns, printableLine } from "../lib/text.ts";
import type { Event } from "../model/events.ts";
import {
  type Progress,
  progressLine,
  type ProgressOptions,
  type ProgressScreen,
} from "./progress.ts";
import { type Paint, painter } from "./style.ts";
import { took } from "./units.ts";

interface Running {
  readonly address: string;
  readonly sinceMs: number;
  text: string;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const;
const redrawMs = 100;
/** More than these at once are counted. */
const mostRunning = 8;

/**
 * What is final scrolls up, what is running stands below it and is drawn anew. Every line is cut to the terminal, so
 * that moving up by as many lines as were drawn meets the first of them.
 */
export function openLiveView(screen: ProgressScreen, options: ProgressOptions): Progress {
  const paint = painter(options.colour ?? false);
  const running = new Map<string, Running>();
  let stage = "";
  let drawn = 0;
  let frame = 0;
  let ended = false;

  const erase = (): string => (drawn === 0 ? "" : `\u001b[${drawn}A\r\u001b[J`);
  const draw = (final: readonly string[] = []): void => {
    const lines = runningLines(
      [...running.values()],
      stage,
      frames[frame % frames.length] ?? "",
      options.now(),
      screen.columns,
      paint,
    );
    screen.write(`${erase()}${[...final, ...lines].map((line) => `${line}\n`).join("")}`);
    drawn = lines.length;
  };
  const stop = options.every(redrawMs, () => {
    frame++;
    if (running.size > 0 || stage !== "") draw();
  });

  return {
    listen: (event) => {
      if (ended) return;
      stage = stageAfter(stage, event);
      follow(running, event, options.now());
      const isFleeting =
        event.type === "stage" || event.type === "change-started" || event.type === "progress";
      const line = isFleeting ? undefined : progressLine(event, paint);
      draw(line === undefined ? [] : line.split("\n"));
    },
    end: () => {
      if (ended) return;
      ended = true;
      stop();
      screen.write(erase());
      drawn = 0;
    },
  };
}

function stageAfter(stage: string, event: Event): string {
  if (event.type === "stage")
    return event.text === "" ? event.stage : `${event.stage}: ${event.text}`;
  return event.type === "outcome" ? "" : stage;
}

function follow(running: Map<string, Running>, event: Event, nowMs: number): void {
  switch (event.type) {
    case "change-started": {
      const { address, reason } = event.change;
      running.set(address, { address, sinceMs: nowMs, text: reason.text });
      break;
    }
    case "progress": {
      const known = running.get(event.address);
      if (known !== undefined) known.text = event.text;
      break;
    }
    case "change-done":
    case "change-failed":
      running.delete(event.address);
      break;
    case "outcome":
      running.clear();
      break;
    default:
      break;
  }
}

function runningLines(
  running: readonly Running[],
  stage: string,
  spinner: string,
  nowMs: number,
  columns: number,
  paint: Paint,
): readonly string[] {
  // The last column stays free: terminals differ in what they do after writing into it.
  const room = Math.max(10, columns - 1);
  const tones = (line: string): string => paint("dim", cutToColumns(printableLine(line), room));
  const shown = running.slice(0, mostRunning).map((one) => {
    const line = `${spinner} ${one.address} ${took(nowMs - one.sinceMs)}: ${one.text}`;
    return cutToColumns(printableLine(line), room);
  });
  const more =
    running.length > mostRunning ? [tones(`  and ${running.length - mostRunning} more`)] : [];
  return [
    ...(stage === "" ? [] : [tones(running.length === 0 ? `${spinner} ${stage}` : stage)]),
    ...shown,
    ...more,
  ];
}
