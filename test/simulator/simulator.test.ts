import { test } from "node:test";
import fc from "fast-check";
import { anyScenario } from "../support/sim/any-scenario.ts";
import { newParseCache } from "../support/sim/controller.ts";
import { play } from "../support/sim/play.ts";

/** Longer hunts: `node test/simulator/hunt.ts MINUTES [SEED]`. */
const plays = Number(process.env["SLIPWAY_SIM_PLAYS"] ?? 40);
const limitMs = plays * 250;

const property = (cache = newParseCache()) =>
  fc.asyncProperty(anyScenario, async (scenario) => {
    await play(scenario, cache);
  });

const bounds = { interruptAfterTimeLimit: limitMs, markInterruptAsFailure: false };

for (const seed of [1])
  test(`whatever goes wrong, the rules hold (seed ${seed})`, async () => {
    await fc.assert(property(), { ...bounds, seed, numRuns: plays });
  });

test("whatever goes wrong, the rules hold (another seed each time, but in bin/test)", async () => {
  const { seed } = fc.readConfigureGlobal();
  const other = seed === undefined ? {} : { seed: seed + 1 };
  await fc.assert(property(), { ...bounds, ...other, numRuns: plays });
});
