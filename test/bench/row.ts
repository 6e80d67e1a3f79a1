/** One measurement, with its counterpart measured in the same run where there is one. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: "ms" | "MiB" | "times";
  readonly note?: string;
  readonly against?: Counterpart;
  /** What DESIGN promises of it: at most this many times the counterpart, or at most this much. */
  readonly goal?: number;
}

export interface Counterpart {
  readonly what: string;
  readonly value: number;
}

/** Measures one row of the promises; says on stderr what it is at. */
export type Bench = () => Promise<readonly Row[]>;

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

export async function timed<T>(
  work: () => T | Promise<T>,
): Promise<{ readonly ms: number; readonly result: T }> {
  const started = performance.now();
  const result = await work();
  return { ms: performance.now() - started, result };
}

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs these one after another, `rounds` times, so that all meet the same weather; medians in milliseconds. */
export async function alternate<Works extends Readonly<Record<string, () => Promise<unknown>>>>(
  rounds: number,
  works: Works,
): Promise<Readonly<Record<keyof Works, number>>> {
  const times = Object.keys(works).map((name) => ({ name, all: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { name, all } of times) all.push((await timed(works[name] ?? nothing)).ms);
  }
  for (const { name, all } of times)
    say(`  ${name}: ${all.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  return Object.fromEntries(times.map(({ name, all }) => [name, median(all)])) as Record<
    keyof Works,
    number
  >;
}

const nothing = async (): Promise<void> => {};
