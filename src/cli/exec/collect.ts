import type { Sink } from "./streams.ts";

/** Of each stream of each command. */
const mostBytes = 8 * 1024 * 1024;

export interface Collected extends Sink {
  text(): string;
  /** There was more than is kept. */
  isCut(): boolean;
}

/** Keeps what a command says, for a document. */
export function collect(): Collected {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    write: (data) => {
      const kept = data.subarray(0, Math.max(0, mostBytes - bytes));
      if (kept.length > 0) chunks.push(kept);
      bytes += data.length;
    },
    drained: () => Promise.resolve(),
    text: () => Buffer.concat(chunks).toString("utf8"),
    isCut: () => bytes > mostBytes,
  };
}
