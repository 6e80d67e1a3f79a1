import type { ProxyCounters } from "../../lib/haproxy.ts";
import type { Judged } from "../../model/step.ts";
import type { Seen } from "../seen.ts";
import type { StepContext } from "../steps.ts";
import { countersOf, placesOf } from "./runtime.ts";

/** Fewer errors than this say nothing of a version. */
const fewestErrors = 3;
const fewestForLatency = 20;

export interface Answers {
  readonly requests: number;
  readonly errors: number;
  readonly latencyMs: number;
}

/** Judges what a container answers from now on; undefined while there is nothing to say against it. */
export async function startJudging(
  context: StepContext,
  judged: Judged,
  { address }: Seen,
): Promise<() => Promise<string | undefined>> {
  const isIts = (c: ProxyCounters): boolean =>
    c.slot.startsWith(`i${judged.traffic.instance}`) &&
    c.address.slice(0, c.address.lastIndexOf(":")) === address;
  const isFormer = (c: ProxyCounters): boolean =>
    c.slot.startsWith(`i${judged.traffic.instance}`) && !isIts(c);
  const places = await placesOf(context.session, judged.traffic);
  const backends = new Set(places.map(({ backend }) => backend));
  const read = async (): Promise<{ own: Answers; former: Answers }> => {
    const all = (await countersOf(context.session, judged.traffic)).filter((c) =>
      backends.has(c.backend),
    );
    return { own: sumOf(all.filter(isIts)), former: sumOf(all.filter(isFormer)) };
  };
  const start = await read();
  return async () => {
    const now = await read();
    const own = {
      requests: now.own.requests - start.own.requests,
      errors: now.own.errors - start.own.errors,
      latencyMs: now.own.latencyMs,
    };
    return verdictOn(own, now.former, judged);
  };
}

/** More errors than allowed are held against it only where the one before had not as many. */
export function verdictOn(
  own: Answers,
  former: Answers,
  { maxErrors, maxLatencyMs }: Pick<Judged, "maxErrors" | "maxLatencyMs">,
): string | undefined {
  const share = own.requests === 0 ? 0 : own.errors / own.requests;
  const usual = former.requests === 0 ? 0 : former.errors / former.requests;
  if (own.errors >= fewestErrors && share > maxErrors && share > 2 * usual)
    return `${own.errors} of ${own.requests} requests failed (${percent(share)}; ${percent(maxErrors)} are allowed)`;
  if (
    maxLatencyMs !== undefined &&
    own.requests >= fewestForLatency &&
    own.latencyMs > maxLatencyMs
  )
    return `answers after ${own.latencyMs} ms on average (${maxLatencyMs} ms are allowed)`;
  return undefined;
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

function sumOf(counters: readonly ProxyCounters[]): Answers {
  return {
    requests: counters.reduce((sum, c) => sum + c.requests, 0),
    errors: counters.reduce((sum, c) => sum + c.errors, 0),
    latencyMs: Math.max(0, ...counters.map((c) => c.latencyMs)),
  };
}
