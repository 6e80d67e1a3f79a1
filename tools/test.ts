/** Checks and tests everything, or the parts and files that are named. Run by bin/test, which sets up what this needs. */
import { fileURLToPath } from "node:url";
import { mapLimit } from "../src/lib/parallel.ts";
import { choose, Misused, usage, type Choice } from "./test/choose.ts";
import { runProgram, type Ran } from "./test/program.ts";
import { longestFirst, longestFoldersFirst } from "./test/order.ts";
import { closingLines, sayStages, sumOf, type Stage } from "./test/summary.ts";

const top = fileURLToPath(new URL("../", import.meta.url));
const minute = 60_000;
/** Many of them wait more than they work. */
const unitsAtOnce = 3;
const interrupted = new AbortController();

const checks = {
  types: ["tsc", "-p", "tsconfig.json"],
  lint: ["oxlint", "--type-aware", "--deny-warnings"],
  format: ["oxfmt", "--check"],
  "dead code": ["knip", "--no-progress"],
};

const run = async (argv: readonly string[], limitMs: number, isQuiet = false): Promise<Ran> =>
  interrupted.signal.aborted
    ? { code: 130, output: "" }
    : await runProgram({ argv, limitMs, isQuiet, signal: interrupted.signal });

async function runChecks(): Promise<Ran> {
  let worst = 0;
  for (const [name, argv] of Object.entries(checks)) {
    const { code } = await run(argv, 5 * minute, true);
    console.log(code === 0 ? `✔ ${name}` : `✖ ${name} (${argv.join(" ")})`);
    worst = Math.max(worst, code);
  }
  return { code: worst, output: "" };
}

/** The verdict is of the code and not of chance: properties are tried on the same values each time. */
const oneSeed = `--import=${import.meta.resolve("../test/support/one-seed.ts")}`;

const reporters = [
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  `--test-reporter=${import.meta.resolve("./test/ended.ts")}`,
  "--test-reporter-destination=stderr",
];

const nodeTest = (
  files: readonly string[],
  concurrency: number,
  each: number,
  ...more: readonly string[]
): string[] => [
  process.execPath,
  oneSeed,
  "--test",
  ...reporters,
  `--test-concurrency=${concurrency}`,
  `--test-timeout=${each}`,
  ...more,
  ...files,
];

/** Which folder of test/ a file is of. */
const folderOf = (file: string): string => /(?:^|\/)test\/([^/]+)/.exec(file)?.[1] ?? "";

/** Those of `source` begin thousands of other programs, which costs a large process more. */
const isolationOf = (folder: string): readonly string[] =>
  folder === "source" ? [] : ["--test-isolation=none"];

/**
 * The files of a folder share one process, as starting one for each costs more than most of them do: no test leaves anything behind
 * in its process. Those that take longest begin first.
 */
async function runUnit(files: readonly string[]): Promise<Ran> {
  const folders = Map.groupBy(files, folderOf);
  const ran = await mapLimit(
    longestFoldersFirst([...folders.keys()]),
    unitsAtOnce,
    async (folder) =>
      await run(
        nodeTest(folders.get(folder) ?? [], 2, 2 * minute, ...isolationOf(folder)),
        10 * minute,
      ),
  );
  return {
    code: Math.max(...ran.map(({ code }) => code)),
    output: sumOf(ran.map((r) => r.output)),
  };
}

/** Five files at a time: each boots machines of its own, and waits for them as long as it works. */
async function runLive(files: readonly string[]): Promise<Ran> {
  const ran = await mapLimit(longestFirst(files), 5, async (file) => {
    const started = performance.now();
    const one = await run(nodeTest([file], 1, 15 * minute), 20 * minute);
    console.log(`── ${file}: ${((performance.now() - started) / 1_000).toFixed(0)} s`);
    return one;
  });
  await reap();
  return {
    code: Math.max(...ran.map(({ code }) => code)),
    output: sumOf(ran.map((r) => r.output)),
  };
}

/** Takes down what a test that died has left behind. */
async function reap(): Promise<void> {
  const { reapDead } = await import("../test/fleet/cleanup.ts");
  for (const prefix of await reapDead()) console.log(`cleared up after test machines ${prefix}`);
}

/** Runs the stages up to the first that fails; without the system's packages all but the live tests go on. */
async function runStages({ checks: wantsChecks, unit, live }: Choice): Promise<readonly Stage[]> {
  const stages: Stage[] = [];
  const stage = async (name: string, work: () => Promise<Ran>, needs = stages): Promise<void> => {
    const failed = needs.find(({ verdict }) => verdict !== "ok");
    if (failed !== undefined || interrupted.signal.aborted) {
      const why = failed === undefined ? "interrupted" : `${failed.name} failed`;
      stages.push({ name, verdict: "not run", why });
      return;
    }
    console.log(`\n── ${name}`);
    const started = performance.now();
    const { code, output } = await work();
    const seconds = (performance.now() - started) / 1_000;
    const verdict = code === 0 ? "ok" : "FAILED";
    stages.push({ name, verdict, seconds, closing: closingLines(output) });
  };
  if (wantsChecks) await stage("static", runChecks);
  const before = [...stages];
  if (unit.length + live.length > 0)
    await stage("system", () => run([`${top}bin/test-setup`], 20 * minute));
  if (unit.length > 0) await stage("unit", () => runUnit(unit), before);
  if (live.length > 0) await stage("live", () => runLive(live));
  return stages;
}

async function main(): Promise<number> {
  const choice = choose(process.argv.slice(2), process.cwd(), top);
  if (choice.help) {
    console.log(usage);
    return 0;
  }
  process.chdir(top);
  const stages = await runStages(choice);
  if (interrupted.signal.aborted && choice.live.length > 0) await reap();
  const failed = stages.filter(({ verdict }) => verdict === "FAILED").map(({ name }) => name);
  console.log(`\n── summary\n${sayStages(stages)}\n`);
  if (interrupted.signal.aborted) console.log("bin/test: interrupted");
  else if (failed.length > 0) console.log(`bin/test: failed: ${failed.join(", ")}`);
  else console.log("bin/test: all passed");
  return stages.every(({ verdict }) => verdict === "ok") ? 0 : 1;
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => interrupted.abort());
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Misused)) throw error;
  console.error(`bin/test: ${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
