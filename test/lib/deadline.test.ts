import assert from "node:assert/strict";
import { test } from "node:test";
import { DeadlinePassed, orAbort, startDeadline } from "../../src/lib/deadline.ts";

const never = new Promise<never>(() => undefined);

test("time that runs out rejects with its own error", async () => {
  const deadline = startDeadline(5);
  await assert.rejects(orAbort(never, deadline.signal), DeadlinePassed);
  deadline.end();
});

test("another signal ends it earlier, with its reason; missing ones do not matter", async () => {
  const controller = new AbortController();
  const deadline = startDeadline(60_000, undefined, controller.signal);
  const waiting = orAbort(never, deadline.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  deadline.end();
});

test("what ends in time is passed on, a late rejection disturbs nobody", async () => {
  const deadline = startDeadline(60_000);
  assert.equal(await orAbort(Promise.resolve(1), deadline.signal), 1);
  await assert.rejects(orAbort(Promise.reject(new Error("own")), deadline.signal), /own/);
  deadline.end();
  const late = Promise.withResolvers<void>();
  await assert.rejects(orAbort(late.promise, AbortSignal.abort(new Error("over"))), /over/);
  late.reject(new Error("too late"));
});
