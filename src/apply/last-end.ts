import { isObject } from "../lib/json.ts";
import { jsonLinesOf } from "../lib/lines.ts";
import type { Session } from "../remote/session.ts";
import { engineCallMs, type Seen } from "./seen.ts";

/** How a container ended that runs again. */
export type LastEnd = Pick<Seen, "exitCode" | "outOfMemory">;

/**
 * What the engine's events tell of it (it keeps the last few hundred): a container that was started again says no more how
 * it ended. Undefined where they do not tell; that never stands in the way of what is known without.
 */
export async function lastEndOf(
  session: Session,
  container: string,
  { startedAt }: Seen,
): Promise<LastEnd | undefined> {
  // By the machine's own clock, so that the stream ends whatever ours says.
  const startedSeconds = Math.floor(Date.parse(startedAt) / 1_000);
  if (Number.isNaN(startedSeconds)) return undefined;
  const filters = JSON.stringify({ container: [container], event: ["die", "oom"] });
  const path = `/events?since=1&until=${startedSeconds + 1}&filters=${encodeURIComponent(filters)}`;
  let found: LastEnd | undefined;
  // Of a container that is killed for its memory the engine may say so before or after its end.
  let isOut = false;
  try {
    const signal = AbortSignal.timeout(engineCallMs);
    const request = { method: "GET", path, timeoutMs: engineCallMs, signal } as const;
    const stream = await session.engineStream(request);
    for await (const event of jsonLinesOf(stream.chunks)) {
      if (!isObject(event)) continue;
      if (event["Action"] === "oom") isOut = true;
      if (event["Action"] !== "die") continue;
      found = { exitCode: exitCodeOf(event["Actor"]), outOfMemory: isOut };
      isOut = false;
    }
    stream.close();
  } catch {
    return undefined;
  }
  return found && { ...found, outOfMemory: found.outOfMemory || isOut };
}

function exitCodeOf(actor: unknown): number {
  const attributes = isObject(actor) ? actor["Attributes"] : undefined;
  return isObject(attributes) ? Number(attributes["exitCode"]) : Number.NaN;
}
