import type { SourceLine } from "./lines.ts";

/** Lines of all sources in order of time; each source is in order already. Holds one line of each. */
export async function* mergeByTime(
  sources: readonly AsyncGenerator<SourceLine>[],
): AsyncGenerator<SourceLine> {
  const heads = await Promise.all(
    sources.map(async (source) => ({ source, next: await source.next() })),
  );
  const open = heads.filter(({ next }) => next.done !== true);
  try {
    while (open.length > 0) {
      let first = 0;
      for (let i = 1; i < open.length; i++) if (timeOf(open[i]) < timeOf(open[first])) first = i;
      const head = open[first];
      if (head?.next.done !== false) break;
      yield head.next.value;
      head.next = await head.source.next();
      if (head.next.done === true) open.splice(first, 1);
    }
  } finally {
    for (const { source } of open) await source.return(undefined);
  }
}

const timeOf = (head: { readonly next: IteratorResult<SourceLine> } | undefined): string =>
  head === undefined || head.next.done === true ? "" : head.next.value.time;

/** Brings lines that arrive within a moment of each other into order. */
export interface Sequencer {
  /** Waits while what came before has not left. */
  push(line: SourceLine): Promise<void>;
  end(): Promise<void>;
}

const windowMs = 150;
const mostWaiting = 5_000;

export function createSequencer(show: (line: SourceLine) => Promise<void>): Sequencer {
  let waiting: SourceLine[] = [];
  let timer: NodeJS.Timeout | undefined;
  let showing: Promise<void> = Promise.resolve();
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    waiting = [];
    showing = showing.then(async () => {
      for (const line of batch) await show(line);
    });
  };
  return {
    push: async (line) => {
      waiting.push(line);
      if (waiting.length < mostWaiting) timer ??= setTimeout(flush, windowMs);
      else {
        flush();
        await showing;
      }
    },
    end: async () => {
      flush();
      await showing;
    },
  };
}
