import { engineMessage } from "../lib/engine-message.ts";
import { isObject } from "../lib/json.ts";
import { readLogs, secondsOf, type LogLine } from "../observe/logs.ts";
import { RemoteError, type Session } from "../remote/session.ts";
import type { World } from "./world.ts";

export interface JobRunWish {
  readonly session: Session;
  /** Its service. */
  readonly unit: string;
  /** That which it starts. */
  readonly container: string;
  readonly onLine: (line: LogLine) => void;
  readonly stop: AbortSignal;
}

export interface JobRunEnd {
  /** Of the container. */
  readonly exitCode?: number;
  /** Why it did not start. */
  readonly why?: string;
}

/** By the machine's own clock. */
const startScript = 'date +%s && exec systemctl start --no-block -- "$1"';

const askMs = 20_000;
const pauseMs = 200;
/** An engine under load takes a while; whoever starts it gives up after a minute. */
const mostTries = 400;
/** Until it has surely begun. */
const fewestTries = 5;

/** Starts a job by its unit and hears it to its end. Rejects with RemoteError. */
export async function runJob({ clock }: World, wish: JobRunWish): Promise<JobRunEnd> {
  const { session, unit, container, onLine, stop } = wish;
  const former = await stateOf(session, container);
  const before = startIn(former);
  const argv = ["sh", "-c", startScript, "sh", unit];
  const { code, stdout, stderr } = await session.exec({ argv, timeoutMs: askMs, signal: stop });
  if (code !== 0) return { why: stderr.toString("utf8").trim().slice(-300) };
  const since = laterOf(stdout.toString("utf8").trim(), former);
  for (let tries = 0; ; tries++) {
    const now = startIn(await stateOf(session, container));
    if (now !== undefined && now !== before) {
      const logs = readLogs(session, { container, follow: true, since, signal: stop });
      for await (const line of logs) onLine(line);
      return { exitCode: await endOf(wish, clock) };
    }
    // It may have come to its end between the two questions.
    const isOver = tries >= mostTries || (tries >= fewestTries && (await isIdle(session, unit)));
    if (isOver && startIn(await stateOf(session, container)) === before)
      return { why: await lastWords(session, unit) };
    await clock.sleep(pauseMs, stop);
  }
}

async function stateOf(session: Session, container: string): Promise<State> {
  const path = `/containers/${encodeURIComponent(container)}/json`;
  const { status, body } = await session.engine({ method: "GET", path, timeoutMs: askMs });
  const state = isObject(body) ? body["State"] : undefined;
  if (status === 200 && isObject(state)) return state;
  throw new RemoteError(session.machine, "engine", engineMessage(body) ?? `${path}: ${status}`);
}

type State = Readonly<Record<string, unknown>>;

const timeIn = (state: State, key: string): string | undefined => {
  const at = state[key];
  return typeof at === "string" && !at.startsWith("0001-") ? at : undefined;
};

/** Undefined: it never was. */
const startIn = (state: State): string | undefined => timeIn(state, "StartedAt");

/** What is quick speaks before the engine says that it has started. */
function laterOf(seconds: string, former: State): string {
  const end = secondsOf(timeIn(former, "FinishedAt") ?? "1970-01-01T00:00:00Z");
  return Number(end) > Number(seconds) ? end : seconds;
}

/** Its streams end a moment before it does. */
async function endOf(
  { session, container, stop }: JobRunWish,
  clock: World["clock"],
): Promise<number> {
  for (let tries = 0; tries < mostTries; tries++) {
    const { Running: isRunning, ExitCode: code } = await stateOf(session, container);
    if (isRunning === false && typeof code === "number") return code;
    await clock.sleep(pauseMs, stop);
  }
  throw new RemoteError(session.machine, "engine", `${container} does not end`);
}

async function isIdle(session: Session, unit: string): Promise<boolean> {
  const argv = ["systemctl", "show", "-P", "ActiveState", "--", unit];
  const { stdout } = await session.exec({ argv, timeoutMs: askMs });
  return /^(?:failed|inactive)$/.test(stdout.toString("utf8").trim());
}

async function lastWords(session: Session, unit: string): Promise<string> {
  const argv = ["journalctl", "-q", "-o", "cat", "-n", "5", "-u", unit];
  const { stdout } = await session.exec({ argv, timeoutMs: askMs });
  return stdout.toString("utf8").trim().slice(-600) || "it was not started";
}
