import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StepFailure } from "../../src/apply/failure.ts";
import { runSteps, type StepContext } from "../../src/apply/steps.ts";
import { startContainer, updateContainer } from "../../src/kinds/shared/engine.ts";
import type { Step } from "../../src/model/step.ts";
import type { EngineReply } from "../../src/remote/session.ts";

const id = "65630bc97eff9e95d6e195821643110d81e172a2fc3b656cce923af3ccd205d9";
const stopped = `Cannot update container ${id}: cannot update a stopped container: unknown`;

const forbidRestart: Step = updateContainer(id, { RestartPolicy: { Name: "no" } });

/** An engine that refuses a call with each of these, then takes what comes; a fence that lets so many pass. */
async function update(
  refusals: readonly string[],
  { passes = Number.POSITIVE_INFINITY, steps = [forbidRestart] } = {},
) {
  const asked: string[] = [];
  let fenced = 0;
  const context: Partial<StepContext> = {
    session: {
      machine: "web-1",
      engine: ({ path }: { path: string }): Promise<EngineReply> => {
        const message = refusals[asked.length];
        asked.push(path);
        const reply = message === undefined ? { status: 200 } : { status: 500, body: { message } };
        return Promise.resolve({ body: {}, ...reply });
      },
    } as unknown as StepContext["session"],
    redact: (text) => text,
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    fence: () => {
      fenced += 1;
      return fenced > passes
        ? Promise.reject(new StepFailure("fenced", "another has it"))
        : Promise.resolve(() => undefined);
    },
  };
  const failure = await runSteps(context as StepContext, steps).then(
    () => undefined,
    (error: unknown) => error as StepFailure,
  );
  return { asked: asked.length, fenced, failure };
}

describe("an update of a container that keeps ending", () => {
  for (const words of [
    stopped,
    `Cannot update container ${id}: cannot update a deleted process: unknown`,
    `Cannot update container ${id}: task ${id} not found: not found`,
    `Cannot update container ${id}: container is not running`,
    `Cannot update container ${id}: runc did not terminate successfully: exit status 1: container not running\n: unknown`,
  ])
    test(`is asked for again after: ${words.slice(id.length + 25)}`, async () => {
      const { asked, fenced, failure } = await update([words, words]);
      assert.deepEqual([asked, fenced, failure], [3, 3, undefined]);
    });

  test("is given up where the engine never takes it", async () => {
    const { asked, failure } = await update(Array.from({ length: 100 }, () => stopped));
    assert.equal(asked, 7);
    assert.match(failure?.message ?? "", /cannot update a stopped container/);
  });

  test("is not asked for again by one that lost the machine meanwhile", async () => {
    const { asked, failure } = await update([stopped, stopped], { passes: 1 });
    assert.deepEqual([asked, failure?.blame], [1, "fenced"]);
  });

  test("is refused once where it is wrong in itself", async () => {
    const { asked, failure } = await update(["Minimum memory limit allowed is 6MB"]);
    assert.equal(asked, 1);
    assert.match(failure?.message ?? "", /6MB/);
  });
});

describe("the way back of an attempt", () => {
  const tried: Step = { do: "attempt", steps: [startContainer(id)], otherwise: [forbidRestart] };
  const refusal = "OCI runtime create failed: no such program";

  test("is taken, and the failure is the app's", async () => {
    const { asked, failure } = await update([refusal], { steps: [tried] });
    assert.deepEqual([asked, failure?.blame], [2, "app"]);
  });

  test("that fails as well is told with it", async () => {
    const { failure } = await update([refusal, "no such container"], { steps: [tried] });
    assert.equal(failure?.blame, "app");
    assert.match(
      failure.message,
      /no such program.*; and the way back failed: .*no such container/,
    );
  });

  test("on which the machine is lost leaves the verdict to who has it now", async () => {
    const { asked, failure } = await update([refusal], { steps: [tried], passes: 1 });
    assert.deepEqual([asked, failure?.blame], [1, "fenced"]);
  });
});
