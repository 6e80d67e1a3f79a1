import assert from "node:assert/strict";
import { test } from "node:test";
import { createSemaphore } from "../../src/lib/semaphore.ts";

test("lets so many in, then one for each that leaves, in order", async () => {
  const semaphore = createSemaphore(2);
  const leaveFirst = await semaphore.enter();
  await semaphore.enter();
  const order: string[] = [];
  const third = semaphore.enter().then((leave) => (order.push("third"), leave));
  const fourth = semaphore.enter().then(() => order.push("fourth"));
  assert.equal(semaphore.inside, 2);
  leaveFirst();
  leaveFirst();
  (await third)();
  await fourth;
  assert.deepEqual(order, ["third", "fourth"]);
  assert.equal(semaphore.inside, 2);
});

test("whoever gives up waiting loses the place, and nobody else's", async () => {
  const semaphore = createSemaphore(1);
  const leave = await semaphore.enter();
  const impatient = new AbortController();
  const given = semaphore.enter(impatient.signal);
  const patient = semaphore.enter();
  impatient.abort(new Error("enough"));
  await assert.rejects(given, /enough/);
  await assert.rejects(semaphore.enter(AbortSignal.abort(new Error("late"))), /late/);
  leave();
  (await patient)();
  assert.equal(semaphore.inside, 0);
});
