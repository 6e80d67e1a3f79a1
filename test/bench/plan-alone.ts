import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { deserialize } from "node:v8";
import type { Observation } from "../../src/model/observation.ts";
import { changesOf } from "../../src/model/plan.ts";
import { fleetDocuments, planOf } from "./plan-fleet.ts";

/** What one process says of planning, on its last line. */
export interface Planned {
  readonly same: Timed;
  readonly rolled: Timed;
  /** The most memory that the process had until each was planned once: documents, observations, plans, Node itself. */
  readonly peakMiB: number;
}

export interface Timed {
  readonly changes: number;
  readonly ms: readonly number[];
  /** Of the main thread: what others do on the same machine counts less. */
  readonly cpuMs: readonly number[];
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
  const same = (): number => changesOf(planOf(documents, observations)).length;
  const rolled = (): number => changesOf(planOf(documents, observations, { "app-3": "b" })).length;
  same();
  rolled();
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  const planned: Planned = { same: times(same), rolled: times(rolled), peakMiB };
  process.stdout.write(`${JSON.stringify(planned)}\n`);
}

function times(work: () => number): Timed {
  const ms: number[] = [];
  const cpuMs: number[] = [];
  let changes = 0;
  for (let round = 0; round < rounds; round++) {
    const [started, before] = [performance.now(), process.threadCpuUsage()];
    changes = work();
    const { user, system } = process.threadCpuUsage(before);
    ms.push(performance.now() - started);
    cpuMs.push((user + system) / 1_000);
  }
  return { changes, ms, cpuMs };
}

await main(process.argv[2] ?? "");
