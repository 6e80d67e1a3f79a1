import { isObject } from "../lib/json.ts";
import { parsedJson } from "../lib/lines.ts";
import { printableLine } from "../lib/text.ts";
import { parseOutcome } from "../model/outcome.ts";
import { machinePaths } from "../model/paths.ts";
import type { HandChange, Trace } from "../model/trace.ts";
import type { Session } from "../remote/session.ts";

export interface TraceQuestion {
  readonly fleet: string;
  readonly revision: string;
  readonly traces: readonly Trace[];
  /** How far the machine's clock is ahead of ours, and what ours says. */
  readonly aheadMs: number;
  readonly nowMs: number;
}

/** Which traces say when something was changed by hand. */
export type TraceAnswers = (traces: readonly Trace[]) => HandChange | undefined;

const mostTraces = 50;
const mostTimes = 10;
const mostUsers = 10;
const askMs = 20_000;
const maxBytes = 4 * 1024 * 1024;

/** What the machine remembers of a revision, and when the inodes of files changed last: also by chmod, or when another took its place. */
const timesScript = `
history=$1
revision=$2
shift 2
[ ! -e "$history" ] || grep -F -m 20 -e "$revision" "$history"
for path; do
  seconds=$(stat -c %Z -- "$path" 2>/dev/null) && printf 'time %s %s\\n' "$seconds" "$path"
done
echo end
`;

/** Who had a terminal at that time, by the record of logins, and who became root from one in the ten minutes before. */
const usersScript = `
export LC_ALL=C
for at; do
  day=$(date -d "@$at" '+%Y-%m-%d %H:%M:%S' 2>/dev/null) || continue
  {
    last -w -p "$day" 2>/dev/null | sed -n 's/^\\([^ ][^ ]*\\)  *\\(pts\\|tty\\|:\\).*/\\1/p'
    journalctl -q --no-pager -o cat -t sudo --since "@$((at - 600))" --until "@$((at + 1))" -n 200 2>/dev/null |
      sed -n 's/^ *\\([^ ][^ ]*\\) : TTY=\\(pts\\|tty\\).* COMMAND=.*/\\1/p'
  } | sort -u | head -n 10 | while read -r user; do printf 'user %s %s\\n' "$at" "$user"; done
done
echo end
`;

/**
 * When things were changed by hand since a revision was first told of, and who was there. What was written before that was
 * our own doing; nothing is said of what the machine does not know. Rejects with RemoteError.
 */
export async function askTraces(session: Session, question: TraceQuestion): Promise<TraceAnswers> {
  const traces = question.traces.slice(0, mostTraces);
  const paths = traces.flatMap((trace) => (trace.of === "file" ? trace.path : []));
  const { history } = machinePaths(question.fleet);
  const lines = await linesOf(session, timesScript, [history, question.revision, ...paths]);
  const endMs = endOf(lines, question);
  if (endMs === undefined) return () => undefined;
  const fromMs = endMs + question.aheadMs;
  const found = [...fileTimes(lines), ...(await engineTimes(session, traces, question, fromMs))]
    // Files tell whole seconds.
    .filter(({ at }) => at * 1000 + 999 >= fromMs);
  const users = await usersAt(session, found);
  return (asked) => {
    const keys = new Set(asked.map(keyOf));
    const own = found.filter((f) => keys.has(keyOf(f.trace)));
    const newest = own.toSorted((a, b) => a.at - b.at).at(-1);
    if (newest === undefined) return undefined;
    const { what, at } = newest;
    return { what, at: new Date(at * 1000).toISOString(), users: users.get(at) ?? [] };
  };
}

interface Found {
  readonly trace: Trace;
  readonly what: string;
  /** Whole seconds since 1970. */
  readonly at: number;
}

const keyOf = (trace: Trace): string =>
  trace.of === "file" ? `file ${trace.path}` : `container ${trace.name}`;

async function linesOf(
  session: Session,
  script: string,
  parameters: readonly string[],
): Promise<readonly string[]> {
  const argv = ["sh", "-c", script, "sh", ...parameters];
  const { stdout } = await session.exec({ argv, timeoutMs: askMs, maxBytes });
  const lines = stdout.toString("utf8").trimEnd().split("\n");
  return lines.pop() === "end" ? lines : [];
}

/**
 * When all was last seen to be as the revision says, by our clock: what was healed since is not told again. Where it never
 * was, when the first pass over it ended.
 */
function endOf(lines: readonly string[], { fleet, revision }: TraceQuestion): number | undefined {
  const ends = lines.flatMap((line) => {
    const outcome = line.startsWith("{") ? parseOutcome(line) : undefined;
    if (outcome?.fleet !== fleet || outcome.revision !== revision) return [];
    const end = Date.parse(outcome.startedAt) + outcome.durationMs;
    return Number.isFinite(end) ? { end, isApplied: outcome.outcome === "applied" } : [];
  });
  const applied = ends.filter(({ isApplied }) => isApplied).map(({ end }) => end);
  if (applied.length > 0) return Math.max(...applied);
  return ends.length === 0 ? undefined : Math.min(...ends.map(({ end }) => end));
}

const fileTimes = (lines: readonly string[]): readonly Found[] =>
  lines.flatMap((line) => {
    const [, seconds, path = ""] = /^time (\d{1,12}) (.*)$/.exec(line) ?? [];
    if (seconds === undefined) return [];
    return { trace: { of: "file", path }, what: `${path} changed`, at: Number(seconds) };
  });

/** What only somebody's wish makes of a container; one that ends by itself, or for lack of memory, is none of these. */
const actions: Readonly<Record<string, string>> = {
  stop: "was stopped",
  kill: "was sent a signal",
  pause: "was paused",
  destroy: "was removed",
  update: "had its limits changed",
};

async function engineTimes(
  session: Session,
  traces: readonly Trace[],
  { nowMs, aheadMs }: TraceQuestion,
  fromMs: number,
): Promise<readonly Found[]> {
  const container = traces.flatMap((trace) => (trace.of === "container" ? trace.name : []));
  if (container.length === 0) return [];
  const filters = JSON.stringify({ container, event: Object.keys(actions) });
  const [since, until] = [fromMs, nowMs + aheadMs].map((ms) => (ms / 1000).toFixed(3));
  const { status, body } = await session.engine({
    method: "GET",
    path: `/events?since=${since}&until=${until}&filters=${encodeURIComponent(filters)}`,
    timeoutMs: askMs,
    maxBytes,
  });
  if (status !== 200) return [];
  const events = typeof body === "string" ? body.split("\n").map(parsedJson) : [body];
  return events.flatMap((event) => {
    const actor = isObject(event) ? event["Actor"] : undefined;
    const attributes = isObject(actor) ? actor["Attributes"] : undefined;
    const name = isObject(attributes) ? attributes["name"] : undefined;
    if (!isObject(event) || typeof name !== "string" || !container.includes(name)) return [];
    const { Action: action, time } = event;
    const done = typeof action === "string" ? actions[action] : undefined;
    if (done === undefined || typeof time !== "number") return [];
    return { trace: { of: "container", name }, what: `${name} ${done}`, at: time };
  });
}

async function usersAt(
  session: Session,
  found: readonly Found[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const times = [...new Set(found.map(({ at }) => at))].toSorted((a, b) => b - a);
  if (times.length === 0) return new Map();
  const lines = await linesOf(session, usersScript, times.slice(0, mostTimes).map(String));
  const said = lines.flatMap((line) => {
    const [, at, user = ""] = /^user (\d+) (\S+)$/.exec(line) ?? [];
    return at === undefined ? [] : { at: Number(at), user: printableLine(user).slice(0, 32) };
  });
  const grouped = Map.groupBy(said, ({ at }) => at);
  return new Map(
    [...grouped].map(([at, own]) => [at, own.map(({ user }) => user).slice(0, mostUsers)]),
  );
}
