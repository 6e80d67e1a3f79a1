import { counted, printableLine, shortRevision } from "../lib/text.ts";
import type { Event } from "../model/events.ts";
import { sayTrouble } from "../model/saying.ts";

export const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];

export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** What the daemon says while it runs. */
export interface Log {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
}

export interface LogOptions {
  readonly write: (line: string) => void;
  readonly format: "plain" | "json";
  /** What is less than this is left out. */
  readonly level: Level;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Takes secrets out, as the last net. */
  readonly redact?: (text: string) => string;
}

const longestText = 10_000;

/** One line an entry: what others wrote in it moves no cursor and starts no line of its own. */
export function createLog(options: LogOptions): Log {
  const safe = (text: string): string =>
    printableLine((options.redact ?? same)(text).slice(0, longestText));
  const at =
    (level: Level) =>
    (text: string, fields: LogFields = {}): void => {
      if (levels.indexOf(level) < levels.indexOf(options.level)) return;
      const time = new Date(options.now()).toISOString();
      const safely = Object.entries(fields).map(
        ([key, value]) => [key, typeof value === "string" ? safe(value) : value] as const,
      );
      const entry = { time, level, text: safe(text), fields: safely };
      options.write(options.format === "json" ? jsonLine(entry) : plainLine(entry));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

interface Entry {
  readonly time: string;
  readonly level: Level;
  readonly text: string;
  readonly fields: readonly (readonly [string, LogFields[string]])[];
}

/** What the entry itself says stands last, so that no field can take its place. */
const jsonLine = ({ time, level, text, fields }: Entry): string =>
  `${JSON.stringify({ ...Object.fromEntries(fields), time, level, text })}\n`;

function plainLine({ time, level, text, fields }: Entry): string {
  const said = fields.map(
    ([key, value]) => ` ${key}=${typeof value === "string" ? JSON.stringify(value) : value}`,
  );
  return `${time} ${level.padEnd(5)} ${text}${said.join("")}\n`;
}

const same = (text: string): string => text;

/** Puts what a pass tells into the log. */
export function logEvent(log: Log, event: Event): void {
  switch (event.type) {
    case "stage":
      return log.debug(event.text, { stage: event.stage });
    case "planned":
      return log.info(`${counted(event.changes, "change")} planned`, { revision: event.revision });
    case "change-started":
      return log.info(event.change.reason.text, {
        address: event.change.address,
        action: event.change.action,
      });
    case "change-done":
      return log.info("done", { address: event.address, durationMs: Math.round(event.durationMs) });
    case "change-failed":
      return log.error(event.text, { address: event.address });
    case "progress":
      return log.debug(event.text, { address: event.address });
    case "trouble":
      return log.warn(sayTrouble(event.trouble), {
        machine: event.trouble.machine,
        class: event.trouble.class,
      });
    case "drift":
      return log.warn(event.text, { address: event.address });
    case "outcome": {
      const { outcome, text, revision, changes, durationMs, cause } = event.outcome;
      const say = outcome === "applied" || outcome === "superseded" ? log.info : log.error;
      return say(`${shortRevision(revision)} ${outcome}: ${text}`, {
        revision,
        outcome,
        changes,
        durationMs,
        cause,
      });
    }
  }
}
