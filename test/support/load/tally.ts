import type { ClientKind, LoadReport, SocketClose } from "./types.ts";

/** What clients tell of themselves, in memory of a fixed size. */
export interface Tally {
  answered(version: string, latencyMs: number): void;
  streamed(): void;
  opened(): void;
  echoed(): void;
  closed(close: Omit<SocketClose, "atMs">): void;
  failed(client: ClientKind, url: string, failure: Failure): void;
  report(): LoadReport;
}

export interface Failure {
  /** refused, reset, timeout, status 503, wrong body, short: few different words, as they are counted. */
  readonly kind: string;
  readonly detail: string;
}

const exampleLimit = 20;
const closeLimit = 1_000;
const keyLimit = 100;

export function openTally(now: () => number, since: number): Tally {
  const started = now();
  const latencies = openHistogram();
  const versions = new Map<string, number>();
  const failures = new Map<string, number>();
  const examples: LoadReport["examples"][number][] = [];
  const closed = new Map<string, number>();
  const closes: SocketClose[] = [];
  const counts = { requests: 0, streams: 0, opened: 0, echoes: 0 };
  const at = (): number => Math.round(now() - started);
  return {
    answered: (version, latencyMs) => {
      counts.requests++;
      count(versions, version);
      latencies.add(latencyMs);
    },
    streamed: () => void counts.streams++,
    opened: () => void counts.opened++,
    echoed: () => void counts.echoes++,
    closed: (close) => {
      count(closed, String(close.code));
      if (closes.length < closeLimit) closes.push({ atMs: at(), ...close });
    },
    failed: (client, url, { kind, detail }) => {
      if (client === "kept" || client === "fresh") counts.requests++;
      const failure = `${client}: ${kind}`;
      count(failures, failure);
      if (examples.length < exampleLimit) examples.push({ atMs: at(), failure, url, detail });
    },
    report: () => ({
      since,
      ms: at(),
      requests: counts.requests,
      versions: Object.fromEntries(versions),
      latencyMs: {
        p50: rounded(latencies.at(0.5)),
        p99: rounded(latencies.at(0.99)),
        max: rounded(latencies.max()),
      },
      failures: Object.fromEntries(failures),
      examples: [...examples],
      streams: counts.streams,
      sockets: {
        opened: counts.opened,
        echoes: counts.echoes,
        closed: Object.fromEntries(closed),
        closes: [...closes],
      },
    }),
  };
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

function count(into: Map<string, number>, key: string): void {
  const known = into.has(key) || into.size < keyLimit ? key : "others";
  into.set(known, (into.get(known) ?? 0) + 1);
}

interface Histogram {
  add(ms: number): void;
  /** The upper end of the step that this part of all values lies below. */
  at(part: number): number;
  max(): number;
}

/** Steps of 2 % from 10 µs on, up to some minutes. */
export function openHistogram(): Histogram {
  const [least, growth, steps] = [0.01, 1.02, 900];
  const counts = new Uint32Array(steps);
  let total = 0;
  let most = 0;
  return {
    add: (ms) => {
      const step = Math.ceil(Math.log(Math.max(ms, least) / least) / Math.log(growth));
      const index = Math.min(steps - 1, step);
      counts[index] = (counts[index] ?? 0) + 1;
      total++;
      most = Math.max(most, ms);
    },
    at: (part) => {
      let below = 0;
      for (const [step, count] of counts.entries()) {
        below += count;
        if (total > 0 && below >= part * total) return Math.min(most, least * growth ** step);
      }
      return 0;
    },
    max: () => most,
  };
}
