import type { Evidence } from "../model/outcome.ts";
import type { Session } from "../remote/session.ts";
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
    logTail: await logTail(context.session, container, seen.tty),
    ...(probe === undefined ? {} : { probe }),
  };
  const because = probe === undefined || probe === text ? text : `${text} (last probe: ${probe})`;
  return new StepFailure("app", because, { evidence });
}

/** The last 10 lines of both streams; never stands in the way of the failure itself. */
async function logTail(
  session: Session,
  container: string,
  tty: boolean,
): Promise<readonly string[]> {
  try {
    const stream = await session.engineStream({
      method: "GET",
      path: `/containers/${encodeURIComponent(container)}/logs?stdout=1&stderr=1&tail=10`,
      timeoutMs: engineCallMs,
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of stream.chunks) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > 100_000) break;
    }
    stream.close();
    const text = tty ? Buffer.concat(chunks).toString("utf8") : plainOf(Buffer.concat(chunks));
    return text
      .split("\n")
      .filter((line) => line !== "")
      .slice(-10)
      .map((line) => line.slice(0, 300));
  } catch {
    return [];
  }
}

/** Frames of 8 header bytes (stream, 0, 0, 0, length) and payload. Source: Docker Engine API, attach. */
function plainOf(framed: Buffer): string {
  const parts: Buffer[] = [];
  for (let offset = 0; offset + 8 <= framed.length;) {
    const length = framed.readUInt32BE(offset + 4);
    parts.push(framed.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
  return Buffer.concat(parts).toString("utf8");
}
