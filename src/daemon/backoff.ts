import type { RevisionOutcome, Trouble } from "../model/outcome.ts";

interface Pace {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Trouble that ends by itself soon is looked at soon; a registry or a person takes longer. */
const paces: Readonly<Record<Trouble["class"], Pace>> = {
  unreachable: { firstMs: 5_000, longestMs: 120_000 },
  network: { firstMs: 5_000, longestMs: 120_000 },
  engine: { firstMs: 5_000, longestMs: 120_000 },
  locked: { firstMs: 2_000, longestMs: 30_000 },
  fenced: { firstMs: 2_000, longestMs: 30_000 },
  pull: { firstMs: 10_000, longestMs: 300_000 },
  memory: { firstMs: 30_000, longestMs: 300_000 },
  // Who issues it says itself when it may be asked again.
  certificate: { firstMs: 600_000, longestMs: 600_000 },
  disk: { firstMs: 30_000, longestMs: 300_000 },
  identity: { firstMs: 60_000, longestMs: 600_000 },
  access: { firstMs: 60_000, longestMs: 600_000 },
};

/** When to try again after this outcome, in milliseconds; undefined: not before something changes. */
function retryIn(outcome: RevisionOutcome, attempt: number, jitter: number): number | undefined {
  if (outcome.outcome !== "incomplete" && outcome.troubles.length === 0) return undefined;
  const own = outcome.troubles.map((t) => paces[t.class]);
  const pace = own.toSorted((a, b) => a.firstMs - b.firstMs)[0] ?? paces.engine;
  const base = Math.min(pace.firstMs * 2 ** Math.min(attempt, 16), pace.longestMs);
  return Math.round(base * (1 + jitter * 0.2));
}

/** When to look again unasked, in milliseconds since 1970: after trouble, or once what is held by a time may be tried. */
export function lookAgainAt(
  outcome: RevisionOutcome,
  attempt: number,
  jitter: number,
  nowMs: number,
): number | undefined {
  const retryMs = retryIn(outcome, attempt, jitter);
  const moments = [
    ...(retryMs === undefined ? [] : [nowMs + retryMs]),
    ...(outcome.heldUntil === undefined ? [] : [Date.parse(outcome.heldUntil)]),
  ];
  return moments.length === 0 ? undefined : Math.min(...moments);
}
