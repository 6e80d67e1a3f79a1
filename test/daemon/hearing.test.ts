import assert from "node:assert/strict";
import { test } from "node:test";
import { createHearing } from "../../src/daemon/hearing.ts";

const event = (action: string, machine = "web-1") => ({ machine, action, name: "shop" });

test("what was heard is news until a look has begun", () => {
  const hearing = createHearing();
  assert.equal(hearing.isNews(), false);
  hearing.hear(event("die"));
  assert.equal(hearing.isNews(), true);
  hearing.look();
  assert.equal(hearing.isNews(), false);
  hearing.hear(event("stop"));
  assert.equal(hearing.isNews(), true, "heard while it was looking");
});

test("causes are said once a pass, by machine, without what an earlier pass has seen", () => {
  const hearing = createHearing();
  hearing.hear(event("rename"));
  hearing.look();
  hearing.passEnded();
  for (const action of ["kill", "die", "die"]) hearing.hear(event(action));
  hearing.hear(event("pause", "web-2"));
  hearing.look();
  assert.deepEqual(hearing.causes(), [
    "web-1: heard kill shop, die shop",
    "web-2: heard pause shop",
  ]);
  assert.deepEqual(hearing.causes(), []);
});

test("what a pass did not see any more is the next one's news, however much was heard", () => {
  const hearing = createHearing();
  for (let i = 0; i < 50; i++) hearing.hear(event(`own-${i}`));
  hearing.look();
  hearing.hear(event("die"));
  hearing.passEnded();
  assert.equal(hearing.isNews(), true);
  assert.deepEqual(hearing.causes(), ["web-1: heard die shop"]);
});
