import { demultiplex } from "../lib/demux.ts";
import type { Evidence } from "../model/outcome.ts";
import { StepFailure } from "./failure.ts";
import { engineCallMs, type Seen } from "./seen.ts";
import type { StepContext } from "./steps.ts";

/** The app's failure with what was seen last: probe, exit code, memory, log lines. */
export async function unhealthy(
  context: StepContext,
  seen: Seen,
  container: string,
  text: string,
  probe: string | undefined,
): Promise<StepFailure> {
  const evidence: Evidence = {
    machine: context.session.machine,
    container: seen.name || container,
    // One that runs has not ended; what it ends with later is our stop.
    ...(seen.running ? {} : { exitCode: seen.exitCode }),
    outOfMemory: seen.outOfMemory,
    restarts: seen.restarts,
    logTail: await logTail(context, container, seen.tty),
    ...(probe === undefined ? {} : { probe }),
  };
  const because = probe === undefined || probe === text ? text : `${text} (last probe: ${probe})`;
  return new StepFailure("app", because, { evidence });
}

/** A container of our own that fails is the machine's trouble: what it said last is all that there is to tell. */
export function ofMachine({ message, evidence }: StepFailure): StepFailure {
  const { container = "a container", logTail = [] } = evidence ?? {};
  const said = logTail.slice(-3).join(" ").slice(-400);
  return new StepFailure("machine", `${container} ${message}${said === "" ? "" : `: ${said}`}`);
}

const tailLines = 10;
const tailBytes = 100_000;

/** The last 10 lines of both streams; never stands in the way of the failure itself: what came counts. */
async function logTail(
  { session, redact }: StepContext,
  container: string,
  tty: boolean,
): Promise<readonly string[]> {
  const pieces: Uint8Array[] = [];
  let isCut = false;
  try {
    const stream = await session.engineStream({
      method: "GET",
      path: `/containers/${encodeURIComponent(container)}/logs?stdout=1&stderr=1&tail=${tailLines}`,
      timeoutMs: engineCallMs,
    });
    let size = 0;
    for await (const data of outputOf(stream.chunks, tty)) {
      pieces.push(data);
      size += data.length;
      isCut = size > tailBytes;
      if (isCut) break;
    }
    stream.close();
  } catch {
    // The failure is told with the lines that there are.
  }
  const text = Buffer.concat(pieces).toString("utf8");
  // Of a secret that was cut in two nobody knows the first half.
  return redact(isCut ? text.replace(/\n.*$/, "\n") : text)
    .split("\n")
    .filter((line) => line !== "")
    .slice(-tailLines)
    .map((line) => line.slice(0, 300));
}

async function* outputOf(
  chunks: AsyncIterable<Uint8Array>,
  tty: boolean,
): AsyncIterable<Uint8Array> {
  if (tty) return yield* chunks;
  for await (const { data } of demultiplex(chunks)) yield data;
}
