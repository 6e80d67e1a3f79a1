import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { choose, Misused } from "../../tools/test/choose.ts";
import ended from "../../tools/test/ended.ts";
import { runProgram } from "../../tools/test/program.ts";
import { longestFirst } from "../../tools/test/order.ts";
import { closingLines, sayStages, sumOf } from "../../tools/test/summary.ts";

describe("what bin/test is asked for", () => {
  let top: string;
  before(async () => {
    top = await mkdtemp(join(tmpdir(), "slipway-test-"));
    for (const folder of ["test/plan", "test/live", "docs"])
      await mkdir(join(top, folder), { recursive: true });
    for (const file of ["plan/a.test.ts", "plan/b.test.ts", "live/c.test.ts", "plan/help.ts"])
      await writeFile(join(top, "test", file), "");
  });
  after(() => rm(top, { recursive: true }));

  const [a, b, c] = ["test/plan/a.test.ts", "test/plan/b.test.ts", "test/live/c.test.ts"];
  const cases: readonly (readonly [
    argv: string[],
    cwd: string,
    checks: boolean,
    files: string[],
  ])[] = [
    [[], "", true, [a, b, c]],
    [["--static"], "", true, []],
    [["--unit"], "", false, [a, b]],
    [["--live"], "", false, [c]],
    [["--unit", "--static"], "", true, [a, b]],
    [["test"], "", false, [a, b, c]],
    [["a.test.ts"], "test/plan", false, [a]],
    [["../live"], "test/plan", false, [c]],
    [["--static", b], "", true, [b]],
  ];
  for (const [argv, cwd, checks, files] of cases) {
    it(`\`${argv.join(" ")}\` in ${cwd === "" ? "the top folder" : cwd}`, () => {
      const choice = choose(argv, join(top, cwd), top);
      assert.deepEqual([choice.checks, [...choice.unit, ...choice.live]], [checks, files]);
    });
  }

  it("is refused where it makes no sense", () => {
    for (const argv of [["--all"], ["test/nothing"], ["docs"]])
      assert.throws(() => choose(argv, top, top), Misused, argv.join(" "));
  });
});

describe("a program of a stage", () => {
  const run = (script: string, limitMs = 10_000, signal = new AbortController().signal) =>
    runProgram({ argv: ["sh", "-c", script], limitMs, signal, isQuiet: true });

  it("tells how it ended and what it said", async () => {
    assert.deepEqual(await run("echo out; echo err >&2"), { code: 0, output: "out\nerr\n" });
  });

  it("is ended when its time is over, or when it is no longer wanted", async () => {
    assert.equal((await run("exec sleep 60", 50)).code, 124);
    assert.equal((await run("exec sleep 60", 10_000, AbortSignal.timeout(50))).code, 130);
  });

  it("may be missing", async () => {
    const argv = ["/nowhere/at/all"];
    const { code } = await runProgram({
      argv,
      limitMs: 1_000,
      signal: new AbortController().signal,
      isQuiet: true,
    });
    assert.equal(code, 127);
  });
});

describe("a test file that fails beside its tests", () => {
  const told = async (error: object): Promise<string> => {
    const event = { type: "test:fail", data: { name: "a.test.ts", details: { error } } };
    const lines: string[] = [];
    for await (const line of ended(Readable.from([event]) as AsyncIterable<TestEvent>))
      lines.push(line);
    return lines.join("");
  };

  it("is told with its exit code or its signal", async () => {
    assert.equal(await told({ exitCode: 1, signal: null }), "✖ a.test.ts ended with exit code 1\n");
    assert.equal(
      await told({ exitCode: null, signal: "SIGKILL" }),
      "✖ a.test.ts ended by SIGKILL\n",
    );
  });

  it("is something else than a test that fails", async () => {
    assert.equal(await told({ failureType: "testCodeFailure" }), "");
  });
});

describe("the summary", () => {
  it("repeats the last totals of node:test", () => {
    const output =
      "ℹ tests 1\nother\n\u001b[34mℹ tests 12\u001b[39m\nℹ pass 11\nℹ fail 1\n\n✖ failing";
    assert.deepEqual(closingLines(output), ["ℹ tests 12", "ℹ pass 11", "ℹ fail 1"]);
    assert.deepEqual(closingLines("nothing ran"), []);
    const sum = sumOf(["✔ a\nℹ tests 12\nℹ pass 11\n", "ℹ tests 3\nℹ pass 3\n"]);
    assert.deepEqual(closingLines(sum), ["ℹ tests 15", "ℹ pass 14"]);
  });

  it("has a line for each stage", () => {
    const text = sayStages([
      { name: "static", verdict: "ok", seconds: 4.21 },
      { name: "unit", verdict: "FAILED", seconds: 61, closing: ["ℹ tests 1"] },
      { name: "live", verdict: "not run", why: "unit failed" },
    ]);
    assert.deepEqual(text.split("\n"), [
      "  static    ok          4.2 s",
      "  unit      FAILED     61.0 s",
      "  live      not run            unit failed",
      "",
      "unit:",
      "ℹ tests 1",
    ]);
  });
});

describe("the live test files", () => {
  it("are begun with those that take long", () => {
    const files = ["bytes", "kill", "other", "rollout"].map((name) => `test/live/${name}.test.ts`);
    const [rollout, kill, ...more] = longestFirst(files);
    assert.match(rollout ?? "", /rollout/);
    assert.match(kill ?? "", /kill/);
    assert.deepEqual(more.toSorted(), [files[0], files[2]]);
  });
});
