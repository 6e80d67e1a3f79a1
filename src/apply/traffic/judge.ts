import { hostOf, type ProxyCounters } from "../../lib/haproxy.ts";
import type { Judged } from "../../model/step.ts";
import type { Seen } from "../seen.ts";
import type { StepContext } from "../steps.ts";
import { countersOf, placesOf } from "./runtime.ts";

/** Fewer errors than this say nothing of a version. */
const fewestErrors = 3;
const fewestForLatency = 20;
/** So many answers meanwhile tell what is usual; with fewer, all that there were. */
const fewestToCompare = 20;

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
  const { instance } = judged.traffic;
  const slots = [`i${instance}a`, `i${instance}b`];
  const places = await placesOf(context.session, judged.traffic);
  const backends = new Set(places.map(({ backend }) => backend));
  const read = async (): Promise<readonly ProxyCounters[]> =>
    (await countersOf(context.session, judged.traffic)).filter(
      (c) => backends.has(c.backend) && slots.includes(c.slot),
    );
  const isIts = (c: ProxyCounters): boolean => hostOf(c) === address;
  const start = new Map((await read()).map((c) => [nameOf(c), c]));
  return async () => {
    const now = await read();
    const sinceStart = (c: ProxyCounters): Answers => answersSince(start.get(nameOf(c)), c);
    const others = now.filter((c) => !isIts(c));
    const meanwhile = sumOf(others.map(sinceStart));
    return verdictOn(
      sumOf(now.filter(isIts).map(sinceStart)),
      meanwhile.requests >= fewestToCompare ? meanwhile : sumOf(others),
      judged,
    );
  };
}

const nameOf = ({ backend, slot }: ProxyCounters): string => `${backend}/${slot}`;

/**
 * What was answered since then, in a slot that others had before. Of the mean that it is told, which is one of the last
 * answers, only as much counts as the new ones must have had at least.
 */
export function answersSince(start: Answers | undefined, now: Answers): Answers {
  // A proxy that started anew counts from nothing.
  if (start === undefined || now.requests < start.requests) return now;
  const requests = now.requests - start.requests;
  const own = 1 - oldPart(start.requests, now.requests);
  const told = now.latencyMs - rounding;
  const least = (told - (1 - own) * start.latencyMs) / own;
  return {
    requests,
    errors: now.errors - start.errors,
    latencyMs: requests === 0 ? 0 : Math.max(0, Math.floor(least)),
  };
}

/** Means are told in whole milliseconds, rounded up. */
const rounding = 1;

/** Source: HAProxy, TIME_STATS_SAMPLES and swrate_add_dynamic. */
const samples = 512;

/** How much of a mean is still of what was answered before: it is one of all, then one that forgets. */
function oldPart(before: number, now: number): number {
  const full = Math.min(before, samples) / Math.min(now, samples);
  return full * (1 - 1 / samples) ** Math.max(0, now - Math.max(before, samples));
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

function sumOf(counters: readonly Answers[]): Answers {
  return {
    requests: counters.reduce((sum, c) => sum + c.requests, 0),
    errors: counters.reduce((sum, c) => sum + c.errors, 0),
    latencyMs: Math.max(0, ...counters.map((c) => c.latencyMs)),
  };
}
