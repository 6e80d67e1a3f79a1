import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { StepFailure } from "../../src/apply/failure.ts";
import { asOne, trialIn, type Trial } from "../../src/apply/together.ts";
import { tryInTurn, type Trying } from "../../src/apply/trials.ts";
import type { Change } from "../../src/model/change.ts";
import type { DeadManStep, RunStep } from "../../src/model/step.ts";
import { changeOf } from "../support/changes.ts";

const run = (...argv: string[]): RunStep => ({ do: "run", argv, timeoutMs: 1_000 });

const setting = (machine: string, name: string, together?: string): Change =>
  changeOf(machine, "machine/sysctl", undefined, name, {
    trial: name,
    steps: [
      run("keep", name),
      {
        do: "dead-man",
        of: name,
        folder: "/f",
        steps: [run("set", name)],
        restore: ["restore", name],
        confirmMs: 60_000,
        ...(together === undefined ? {} : { together }),
      },
      run("forget", name),
    ],
  });

/** What was run, a trial as what it is of; `wrong` fails by itself, `out` locks out. */
async function tried(
  changes: Readonly<Record<string, readonly Change[]>>,
  { wrong, out }: { readonly wrong?: string; readonly out?: string } = {},
) {
  const said: string[] = [];
  const failures = new Map<Change, StepFailure>();
  const attempt: Trying["attempt"] = (_, steps) => {
    for (const step of steps) {
      assert.ok(step.do === "run" || step.do === "dead-man");
      said.push(step.do === "run" ? step.argv.join(" ") : `try ${step.of}`);
      if (step.do === "run") continue;
      const names = step.steps.flatMap((one) => (one.do === "run" ? one.argv.slice(1) : []));
      if (wrong !== undefined && names.includes(wrong))
        return Promise.resolve(new StepFailure("machine", `${wrong} is wrong`));
      if (out !== undefined && names.includes(out))
        return Promise.resolve(new StepFailure("machine", "out", { isLockout: true }));
    }
    return Promise.resolve(undefined);
  };
  const steps: Trying["steps"] = async (change, all) => {
    const failure = await attempt(change, all);
    if (failure !== undefined) failures.set(change, failure);
    return failure === undefined;
  };
  const lockout = await tryInTurn(
    Object.entries(changes).map(([machine, own]) => ({ machine, changes: own })),
    {
      isHeld: () => true,
      change: (change) => steps(change, change.steps),
      started: (change) => () => void said.push(`done ${change.name}`),
      steps,
      attempt,
      failed: (change, failure) => void failures.set(change, failure),
      failure: (change) => failures.get(change),
    },
  );
  const namesOf = (all: readonly Change[] = []): string =>
    all.map(({ machine, name }) => `${machine} ${name}`).join(", ");
  return {
    said,
    failed: [...failures].map(([{ name }, { message }]) => `${name}: ${message}`),
    ...(lockout && { tried: namesOf(lockout.tried), untried: namesOf(lockout.untried) }),
  };
}

const three = ["a", "b", "c"].map((name) => setting("m1", name, "sysctl"));

describe("trials", () => {
  test("that may be are made as one, and others not", async () => {
    const { said } = await tried({ m1: [...three.slice(0, 2), setting("m1", "d")] });
    assert.deepEqual(said, [
      "keep a",
      "keep b",
      "try a and b",
      "forget a",
      "done a",
      "forget b",
      "done b",
      "keep d",
      "try d",
      "forget d",
    ]);
  });

  test("are made each by itself where one of them is wrong", async () => {
    const { said, failed } = await tried({ m1: three }, { wrong: "b" });
    assert.deepEqual(said, [
      "keep a",
      "keep b",
      "keep c",
      "try a, b and c",
      "try a",
      "forget a",
      "done a",
      "try b",
      "try c",
      "forget c",
      "done c",
    ]);
    assert.deepEqual(failed, ["b: b is wrong"]);
  });

  test("that lock us out together are all told, and nothing else is tried", async () => {
    const { said, ...told } = await tried(
      { m1: [...three, setting("m1", "d")], m2: [setting("m2", "e")] },
      { out: "b" },
    );
    assert.deepEqual(said.at(-1), "try a, b and c");
    assert.deepEqual(told, {
      failed: ["a: out", "b: out", "c: out"],
      tried: "m1 a, m1 b, m1 c",
      untried: "m1 d, m2 e",
    });
  });

  test("that lock us out alone are told alone", async () => {
    const { tried: one, untried } = await tried(
      { m1: [setting("m1", "a"), setting("m1", "b")] },
      { out: "a" },
    );
    assert.deepEqual([one, untried], ["m1 a", "m1 b"]);
  });

  test("of one are put back in the opposite order, also where one cannot be", () => {
    const trialOf = (restore: readonly string[]): Trial => {
      const step: DeadManStep = {
        do: "dead-man",
        of: "x",
        folder: "/f",
        steps: [],
        restore,
        confirmMs: 1,
      };
      const found = trialIn(changeOf("m1", "machine/sysctl", undefined, "x", { steps: [step] }));
      assert.ok(found !== undefined);
      return found;
    };
    const words = Array.from({ length: 12 }, (_, i) => `$${i} "it's" *`);
    const [command = "", ...rest] = asOne([
      trialOf(["printf", "<%s>", ...words]),
      trialOf(["false"]),
      trialOf(["echo", "first"]),
    ]).restore;
    assert.throws(
      () => execFileSync(command, rest, { encoding: "utf8" }),
      (error: { status: number; stdout: string }) => {
        assert.deepEqual(
          [error.status, error.stdout],
          [1, `first\n${words.map((word) => `<${word}>`).join("")}`],
        );
        return true;
      },
    );
  });
});
