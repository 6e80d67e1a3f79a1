import { printableLine, shortRevision } from "../lib/text.ts";
import type { Change } from "../model/change.ts";
import type { Event, Listener } from "../model/events.ts";
import { sayTrouble } from "../model/saying.ts";
import { outcomeLine } from "./outcome-text.ts";
import { reasonText } from "./plan-text.ts";
import { type Paint, plainly } from "./style.ts";
import { took } from "./units.ts";

/** Where progress is shown: stderr. */
export interface ProgressScreen {
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
}

export interface ProgressOptions {
  readonly colour?: boolean;
  /** Milliseconds, of any clock that only goes forward. */
  readonly now: () => number;
  /** Calls again and again until it is told to stop. */
  readonly every: (ms: number, call: () => void) => () => void;
}

export interface Progress {
  readonly listen: Listener;
  /** Leaves nothing on the screen that is not final. */
  end(): void;
}

/** One event as one line that stays; undefined for what is only of interest while it lasts. */
export function progressLine(event: Event, paint: Paint = plainly): string | undefined {
  switch (event.type) {
    case "stage":
      return event.text === ""
        ? undefined
        : paint("dim", printableLine(`${event.stage}: ${event.text}`));
    case "planned":
      return `${shortRevision(event.revision)}: ${event.changes === 1 ? "1 change" : `${event.changes} changes`}`;
    case "change-started":
      return startedText(event.change, paint);
    case "change-done":
      return `${paint("good", "✓")} ${printableLine(event.address)} ${paint("dim", took(event.durationMs))}`;
    case "change-failed":
      return `${paint("bad", "✗")} ${printableLine(event.address)}: ${printableLine(event.text)}`;
    case "progress":
      return `  ${printableLine(event.address)}: ${printableLine(event.text)}`;
    case "trouble":
      return `${paint("warn", "…")} ${printableLine(sayTrouble(event.trouble))}`;
    case "drift":
      return `${paint("warn", "!")} ${printableLine(event.address)}: ${printableLine(event.text)}`;
    case "outcome":
      return outcomeLine(event.outcome, paint);
  }
}

const startedText = (change: Change, paint: Paint): string =>
  `${paint("dim", `${change.action} ${printableLine(change.address)}`)}: ${reasonText(change.reason, paint)}`;
