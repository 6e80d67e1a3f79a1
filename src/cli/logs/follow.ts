import type { Clock } from "../../lib/clock.ts";
import {
  listLogSources,
  readLogs,
  secondsOf,
  startsOf,
  type LogSource,
} from "../../observe/logs.ts";
import type { Fleet, Session, Target } from "../../remote/session.ts";
import { isExpected } from "../trouble.ts";
import type { SourceLine } from "./lines.ts";

export interface Following {
  readonly remote: Fleet;
  readonly clock: Clock;
  readonly fleet: string;
  readonly isWanted: (source: LogSource) => boolean;
  /** Of the first look; what comes later is followed from its beginning. */
  readonly since?: string;
  readonly tail?: number;
  readonly tell: (line: SourceLine) => Promise<void>;
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

const firstPauseMs = 1_000;
const longestPauseMs = 15_000;

/** What was read of a container: until when, and whether somebody reads it now. */
interface Reading {
  time: string | undefined;
  isOpen: boolean;
}

/** Follows an app on one machine for as long as it is wanted, over deploys and lost connections. */
export async function followMachine(target: Target, following: Following): Promise<void> {
  const { remote, clock, note, signal } = following;
  const readings = new Map<string, Reading>();
  let pauseMs = firstPauseMs;
  let isFirst = true;
  let isLost = false;
  while (!signal.aborted) {
    try {
      const session = await remote.session(target);
      for await (const _ of startsOf(
        session,
        following.fleet,
        AbortSignal.any([signal, session.gone]),
      )) {
        if (isLost) note(`${target.machine}: back`);
        isLost = false;
        pauseMs = firstPauseMs;
        await openAll(session, following, readings, isFirst);
        isFirst = false;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isExpected(error)) throw error;
      if (!isLost) note(`${target.machine}: ${error.message}; trying again`);
      isLost = true;
      isFirst = false;
    }
    await clock.sleep(pauseMs, signal).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

/** Starts reading what runs and is not read yet. */
async function openAll(
  session: Session,
  following: Following,
  readings: Map<string, Reading>,
  isFirst: boolean,
): Promise<void> {
  const sources = (await listLogSources(session, following.fleet)).filter(following.isWanted);
  for (const id of readings.keys())
    if (!sources.some((source) => source.id === id)) readings.delete(id);
  for (const source of sources) {
    const known = readings.get(source.id);
    if (!source.running || known?.isOpen === true) continue;
    const reading: Reading = known ?? { time: undefined, isOpen: false };
    readings.set(source.id, reading);
    reading.isOpen = true;
    const bounds = isFirst ? following : {};
    void follow(session, source, reading, following, bounds).finally(
      () => (reading.isOpen = false),
    );
  }
}

async function follow(
  session: Session,
  source: LogSource,
  reading: Reading,
  { tell, note, signal }: Following,
  first: { readonly since?: string; readonly tail?: number },
): Promise<void> {
  const { time } = reading;
  const since = time === undefined ? first.since : secondsOf(time);
  const tail = time === undefined ? first.tail : undefined;
  try {
    const lines = readLogs(session, {
      container: source.id,
      follow: true,
      ...(since === undefined ? {} : { since }),
      ...(tail === undefined ? {} : { tail }),
      signal,
    });
    for await (const line of lines) {
      if (time !== undefined && line.time <= time) continue;
      reading.time = line.time;
      await tell({ ...line, source });
    }
  } catch (error) {
    // A lost connection is told once for the machine, by who waits for its events.
    if (!signal.aborted && !isExpected(error)) note(`${source.name}: ${String(error)}`);
  }
}
