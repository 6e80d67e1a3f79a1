import fc from "fast-check";
import { anyScenario } from "../support/sim/any-scenario.ts";
import { newParseCache } from "../support/sim/controller.ts";
import { Failure, play } from "../support/sim/play.ts";

/** Plays scenarios for so many minutes from a seed on, and says each failure once in its smallest form. */
async function hunt(minutes: number, from: number): Promise<void> {
  const untilMs = Date.now() + minutes * 60_000;
  const seen = new Map<string, number>();
  const parseCache = newParseCache();
  let plays = 0;
  for (let seed = from; Date.now() < untilMs; seed++) {
    const run = await fc.check(
      fc.asyncProperty(anyScenario, async (scenario) => {
        plays += 1;
        await play(scenario, parseCache);
      }),
      { seed, numRuns: 40, interruptAfterTimeLimit: 120_000 },
    );
    if (!run.failed || run.errorInstance === null) continue;
    const error = run.errorInstance as Error;
    const line = (error.message.split("\n")[0] ?? "").replaceAll(/[0-9a-f]{8}/g, "…");
    const count = (seen.get(line) ?? 0) + 1;
    seen.set(line, count);
    console.log(`\n■ seed ${seed} after ${run.numRuns} (${count}x): ${line}`);
    if (count <= 2) console.log(error instanceof Failure ? error.message : error.stack);
  }
  console.log(`\n── summary of ${plays} plays`);
  for (const [line, count] of seen) console.log(`${count}x ${line}`);
}

await hunt(Number(process.argv[2] ?? 1), Number(process.argv[3] ?? 1));
