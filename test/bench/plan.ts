import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { must } from "../fleet/run.ts";
import type { Planned, Timed } from "./plan-alone.ts";
import {
  appTotal,
  fleetDocuments,
  machineTotal,
  observationsOf,
  resourcesOf,
} from "./plan-fleet.ts";
import { median, say, type Row } from "./row.ts";

/** As bin/slipway runs Node. */
const flags = ["--max-semi-space-size=4"];
const child = new URL("plan-alone.ts", import.meta.url).pathname;

/** Planning alone: from documents and observations to a plan. */
export async function benchPlan(): Promise<readonly Row[]> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  try {
    const path = join(dir, "observations");
    say(`making ${machineTotal} observations`);
    for (const observation of observationsOf(resourcesOf(await fleetDocuments())))
      await appendFile(path, `${serialize(observation).toString("base64")}\n`);
    const said = await must([process.execPath, ...flags, child, path]);
    const planned = JSON.parse(said) as Planned;
    const { same, rolled, peakMiB } = planned;
    for (const { ms } of [same, rolled]) say(`  ${ms.map((one) => one.toFixed(0)).join(" ")} ms`);
    const size = `${machineTotal} machines, ${machineTotal * appTotal} instances`;
    return [
      {
        what: `plan, ${size}, nothing to do`,
        value: median(same.cpuMs),
        unit: "ms",
        note: noteOf(same),
        goal: 1_000,
      },
      {
        what: "plan, one app of ten with a new image",
        value: median(rolled.cpuMs),
        unit: "ms",
        note: noteOf(rolled),
        goal: 1_000,
      },
      { what: "the process that plans, at its largest", value: peakMiB, unit: "MiB", goal: 300 },
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const noteOf = ({ changes, ms }: Timed): string =>
  `${changes} changes; ${median(ms).toFixed(0)} ms by the clock`;
