import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../src/lib/clock.ts";
import { Stopped } from "../../src/lib/stopped.ts";
import { openHolds } from "../../src/pass/holds.ts";
import type { World } from "../../src/pass/world.ts";
import type { Process, Session, Target } from "../../src/remote/session.ts";

/** What the lock's command on the machine says and ends with. */
interface Answer {
  readonly line?: string;
  readonly code?: number;
}

const web: Target = {
  machine: "web-1",
  address: "192.0.2.1",
  port: 22,
  user: "root",
  engineSocket: "/s",
};

/** A machine whose lock answers so, and a clock on which no time passes: only the stop ends a wait. */
function stand(answer: Answer | "no session" | "no answer") {
  const stop = new AbortController();
  const sleeping = Promise.withResolvers<void>();
  let ended = 0;
  const clock: Clock = {
    now: () => 0,
    sleep: async (_ms, signal) => {
      sleeping.resolve();
      await new Promise((_, reject) => {
        if (signal?.aborted === true) reject(new Error("aborted"));
        signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    },
  };
  const output = async function* (): AsyncGenerator<Uint8Array> {
    if (answer === "no answer" || answer === "no session") await new Promise(() => undefined);
    else if (answer.line !== undefined) yield Buffer.from(`${answer.line}\n`);
  };
  const over = (): void => void (ended += 1);
  const process: Process = {
    write: () => undefined,
    end: over,
    kill: over,
    stdout: output(),
    stderr: output(),
    exited: Promise.resolve(typeof answer === "object" ? (answer.code ?? 0) : 0),
  };
  const session = { machine: "web-1", start: () => Promise.resolve(process) } as unknown as Session;
  const remote = {
    session: () =>
      answer === "no session" ? new Promise(() => undefined) : Promise.resolve(session),
  };
  const world = { clock, remote } as unknown as World;
  const holds = openHolds(world, "acme", stop.signal);
  const seen = { targets: new Map([["web-1", web]]), inventories: new Map() };
  const take = (): Promise<boolean> => holds.take(["web-1"], seen);
  return { stop, holds, take, sleeping: sleeping.promise, ended: () => ended };
}

test("told to stop, it waits no longer for a lock that another holds", async () => {
  const { stop, holds, take, sleeping } = stand({ code: 75 });
  const taking = take();
  await sleeping;
  stop.abort(new Stopped());
  await taking;
  assert.equal(holds.taken.size, 0);
  assert.deepEqual(holds.troubles, [], "nobody's trouble");
});

test("told to stop, it waits no longer for what a former holder announced, and lets go of the lock", async () => {
  const { stop, holds, take, sleeping, ended } = stand({ line: "held 1300 1000" });
  const taking = take();
  await sleeping;
  assert.equal(ended(), 0);
  stop.abort(new Stopped());
  await taking;
  assert.equal(holds.taken.size, 0);
  assert.equal(ended(), 1);
});

for (const silence of ["no session", "no answer"] as const) {
  test(`told to stop, it waits no longer for a machine that gives ${silence}`, async () => {
    const { stop, holds, take } = stand(silence);
    const taking = take();
    stop.abort(new Stopped());
    await taking;
    assert.equal(holds.taken.size, 0);
  });
}

test("told to stop before, it takes no lock", async () => {
  const { stop, holds, take, ended } = stand({ line: "held 0 1000" });
  stop.abort(new Stopped());
  await take();
  assert.equal(holds.taken.size, 0);
  assert.equal(ended(), 0, "it was not even asked for");
});
