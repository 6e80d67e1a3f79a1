import { isObject, type JsonObject } from "../lib/json.ts";
import { demultiplex } from "../lib/demux.ts";
import type { Inventory } from "../model/inventory.ts";
import { Unreadable } from "../model/live.ts";
import { RemoteError, type EngineReply, type Session } from "../remote/session.ts";
import { answersOf } from "./answers.ts";
import { askMachine } from "./ask.ts";
import { inventoryQuery, readInventory } from "./inventory.ts";

/** A container that may have logs. */
export interface LogSource {
  readonly machine: string;
  readonly id: string;
  readonly name: string;
  readonly app: string;
  readonly family: string;
  /** Counted from 1; absent for a release. */
  readonly instance?: string;
  readonly running: boolean;
}

export interface LogLine {
  readonly stream: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds, as the engine wrote it: of one width, so that text sorts as time. */
  readonly time: string;
  readonly text: string;
}

export interface LogRequest {
  readonly container: string;
  readonly follow: boolean;
  /** Seconds since 1970, with a fraction. */
  readonly since?: string;
  /** So many of the last lines; without it all. */
  readonly tail?: number;
  readonly signal?: AbortSignal;
}

const askMs = 20_000;
const longestLine = 1024 * 1024;

/** Containers of this fleet on a machine, stopped ones too. Rejects with RemoteError. */
export async function listLogSources(
  session: Session,
  fleet: string,
): Promise<readonly LogSource[]> {
  const [labelled, adopted] = await Promise.all([
    listContainers(session, { label: [`slipway.fleet=${fleet}`] }),
    adoptedOn(session, fleet),
  ]);
  const ids = Object.keys(adopted);
  const others = ids.length === 0 ? [] : await listContainers(session, { id: ids });
  const told = others.map((item) => withRecord(item, adopted));
  return [...labelled, ...told].flatMap((item) => sourceOf(session.machine, item) ?? []);
}

async function listContainers(
  session: Session,
  filters: Readonly<Record<string, readonly string[]>>,
): Promise<readonly unknown[]> {
  const path = `/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify(filters))}`;
  const reply = await session.engine({ method: "GET", path, timeoutMs: askMs });
  if (reply.status !== 200 || !Array.isArray(reply.body)) throw refused(session, reply);
  return reply.body as readonly unknown[];
}

type Records = NonNullable<Inventory["adopted"]>;

/** What was taken over stands in the machine's record alone; where that cannot be read, what has labels is still told. */
async function adoptedOn(session: Session, fleet: string): Promise<Records> {
  try {
    const answers = answersOf(await askMachine(session, [inventoryQuery(fleet)]));
    return readInventory(fleet, answers)?.adopted ?? {};
  } catch (error) {
    if (error instanceof Unreadable) return {};
    throw error;
  }
}

/** As if it had our labels. */
function withRecord(item: unknown, records: Records): unknown {
  const id = isObject(item) ? item["Id"] : undefined;
  const record = typeof id === "string" ? records[id] : undefined;
  if (!isObject(item) || record === undefined) return undefined;
  const { app, family, instance } = record;
  const labels = { "slipway.app": app, "slipway.family": family };
  return { ...item, Labels: { ...labels, "slipway.instance": String(instance) } };
}

function sourceOf(machine: string, item: unknown): LogSource | undefined {
  if (!isObject(item) || !isObject(item["Labels"]) || !Array.isArray(item["Names"]))
    return undefined;
  const { Id: id, State: state, Names: names } = item;
  const labels: JsonObject = item["Labels"];
  const {
    "slipway.app": app,
    "slipway.family": family = app,
    "slipway.instance": instance,
    "slipway.once": once,
  } = labels;
  // What a person runs once is read by that person, and keeps no logs.
  if (once !== undefined) return undefined;
  if (typeof id !== "string" || typeof app !== "string" || typeof family !== "string")
    return undefined;
  const name = String(names[0] ?? id).replace(/^\//, "");
  return {
    machine,
    id,
    name,
    app,
    family,
    ...(typeof instance === "string" ? { instance } : {}),
    running: state === "running" || state === "restarting" || state === "paused",
  };
}

/** A container's lines. One that is gone has none. Rejects with RemoteError. */
export async function* readLogs(session: Session, request: LogRequest): AsyncGenerator<LogLine> {
  const { container, follow, since, tail, signal } = request;
  const query = new URLSearchParams({
    stdout: "1",
    stderr: "1",
    timestamps: "1",
    follow: follow ? "1" : "0",
    tail: tail === undefined ? "all" : String(tail),
    ...(since === undefined ? {} : { since }),
  });
  const stream = await session.engineStream({
    method: "GET",
    path: `/containers/${encodeURIComponent(container)}/logs?${query.toString()}`,
    timeoutMs: askMs,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    if (stream.status === 404 || stream.status === 409) return;
    if (stream.status !== 200)
      throw new RemoteError(
        session.machine,
        "engine",
        `the logs of ${container} cannot be read (${stream.status})`,
      );
    yield* linesOf(stream.chunks);
  } finally {
    stream.close();
  }
}

/** Lines of both streams, each with its time. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<LogLine> {
  const begun = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for await (const { stream, data } of demultiplex(chunks)) {
    let rest = Buffer.concat([begun[stream], data]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield lineOf(stream, rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > longestLine) {
      yield lineOf(stream, rest);
      rest = Buffer.alloc(0);
    }
    begun[stream] = rest;
  }
  for (const stream of ["stdout", "stderr"] as const)
    if (begun[stream].length > 0) yield lineOf(stream, begun[stream]);
}

function lineOf(stream: LogLine["stream"], bytes: Buffer): LogLine {
  const line = bytes.toString("utf8").replace(/\r$/, "");
  const space = line.indexOf(" ");
  return space < 0
    ? { stream, time: line, text: "" }
    : { stream, time: line.slice(0, space), text: line.slice(space + 1) };
}

/** `2026-01-31T12:00:00.123456789Z` → `1769860800.123456789` */
export function secondsOf(time: string): string {
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? "0";
  return `${Math.floor(Date.parse(time) / 1000)}.${fraction.padEnd(9, "0")}`;
}

/** Calls back whenever a container of the fleet was started. Ends with the connection; rejects with RemoteError. */
export async function* startsOf(
  session: Session,
  fleet: string,
  signal: AbortSignal,
): AsyncGenerator<void> {
  const filters = { type: ["container"], event: ["start"], label: [`slipway.fleet=${fleet}`] };
  const path = `/events?filters=${encodeURIComponent(JSON.stringify(filters))}`;
  const stream = await session.engineStream({ method: "GET", path, timeoutMs: askMs, signal });
  try {
    if (stream.status !== 200)
      throw new RemoteError(
        session.machine,
        "engine",
        `the engine tells no events (${stream.status})`,
      );
    // Whoever asks next looks for what there is by then: what an event says does not matter.
    yield;
    for await (const chunk of stream.chunks) if (chunk.length > 0) yield;
  } finally {
    stream.close();
  }
}

const refused = (session: Session, { status }: EngineReply): RemoteError =>
  new RemoteError(session.machine, "engine", `the engine does not list its containers (${status})`);
