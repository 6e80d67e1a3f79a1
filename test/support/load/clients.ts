import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { exchange, type Aim, type Answered } from "./exchange.ts";
import type { Failure, Tally } from "./tally.ts";
import type { LoadOptions } from "./types.ts";

export interface Job {
  readonly aim: Aim;
  readonly options: LoadOptions;
  readonly tally: Tally;
  /** Finish what is under way. */
  readonly stop: AbortSignal;
  /** Nothing is waited for any more. */
  readonly abort: AbortSignal;
}

export async function keptClient(job: Job, index: number): Promise<void> {
  const how = { keepAlive: true, maxSockets: 1 };
  const agent = job.aim.isSecure ? new SecureAgent(how) : new Agent(how);
  await askOn(job, "kept", agent, index);
  agent.destroy();
}

export const freshClient = (job: Job, index: number): Promise<void> =>
  askOn(job, "fresh", undefined, index);

async function askOn(
  { aim, options, tally, stop, abort }: Job,
  client: "kept" | "fresh",
  agent: Agent | undefined,
  index: number,
): Promise<void> {
  const { timeoutMs, pauseMs, posts } = options;
  const common = { timeoutMs, signal: abort, ...(agent === undefined ? {} : { agent }) };
  for (let turn = index; !stop.aborted; turn++) {
    const sent =
      !posts || turn % 2 === 0
        ? undefined
        : `${client} ${index} ${turn} ${"x".repeat((turn * 37) % 2_000)}`;
    const started = performance.now();
    const got = await exchange(
      aim,
      sent === undefined ? { ...common, path: "/" } : { ...common, path: "/echo", body: sent },
    );
    if (abort.aborted) return;
    const ended = isFailure(got) ? got : checked(got, sent);
    if (isFailure(ended)) tally.failed(client, aim.url, ended);
    else tally.answered(ended.version, performance.now() - started);
    await pause(pauseMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

const isFailure = (got: Answered | Failure): got is Failure => "kind" in got;

function checked(got: Answered, sent: string | undefined): Answered | Failure {
  const isRight =
    sent === undefined ? got.body.startsWith(`version=${got.version}\n`) : got.body === sent;
  return isRight ? got : { kind: "wrong body", detail: JSON.stringify(got.body.slice(0, 200)) };
}

/** Slow answers one after another; what is under way at the end is let go. */
export async function streamClient({ aim, options, tally, stop }: Job): Promise<void> {
  const { streamMs, streamChunks, timeoutMs, pauseMs } = options;
  const path = `/stream?ms=${streamMs}&n=${streamChunks}`;
  while (!stop.aborted) {
    const got = await exchange(aim, { path, timeoutMs, signal: stop });
    if (stop.aborted) return;
    const ended = isFailure(got) ? got : whole(got, streamChunks);
    if (isFailure(ended)) tally.failed("stream", aim.url, ended);
    else tally.streamed();
    await pause(pauseMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** A connection's end may look like that of the answer: the chunks themselves are counted. */
function whole(got: Answered, chunks: number): Answered | Failure {
  const seen = got.body.split("\n").length - 1;
  return seen === chunks
    ? got
    : { kind: "short", detail: `ended well after ${seen} of ${chunks} chunks` };
}
