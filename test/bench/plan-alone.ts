import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { deserialize } from "node:v8";
import type { Observation } from "../../src/model/observation.ts";
import { changesOf } from "../../src/model/plan.ts";
import { fleetDocuments, planOf } from "./plan-fleet.ts";
import { timed } from "./row.ts";

/** What one process says of planning, on its last line. */
export interface Planned {
  readonly sameMs: readonly number[];
  readonly rolledMs: readonly number[];
  readonly sameChanges: number;
  readonly rolledChanges: number;
  /** The most memory that the process ever had: documents, observations and plans, and Node itself. */
  readonly peakMiB: number;
}

const rounds = 5;

/** Plans in a process that holds what a controller holds, and nothing of what made it. */
async function main(path: string): Promise<void> {
  const documents = await fleetDocuments();
  const observations = new Map<string, Observation>();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const observation = deserialize(Buffer.from(line, "base64")) as Observation;
    observations.set(observation.machine, observation);
  }
  const same = await times(() => changesOf(planOf(documents, observations)).length);
  const rolled = await times(
    () => changesOf(planOf(documents, observations, { "app-3": "b" })).length,
  );
  const planned: Planned = {
    sameMs: same.ms,
    rolledMs: rolled.ms,
    sameChanges: same.result,
    rolledChanges: rolled.result,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(`${JSON.stringify(planned)}\n`);
}

async function times(
  work: () => number,
): Promise<{ readonly ms: readonly number[]; readonly result: number }> {
  const ms: number[] = [];
  let result = 0;
  for (let round = 0; round < rounds; round++) {
    const one = await timed(work);
    ms.push(one.ms);
    result = one.result;
  }
  return { ms, result };
}

await main(process.argv[2] ?? "");
