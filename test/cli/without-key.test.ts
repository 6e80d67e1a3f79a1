import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/cli/trouble.ts";
import { withoutKeyTrouble } from "../../src/cli/without-key.ts";
import { Opener } from "../../src/secrets/opener.ts";
import { UnusableAgeKey } from "../../src/secrets/keyed-opener.ts";

function failing(thrown: Error) {
  const told: string[] = [];
  const load = () => Promise.reject(thrown);
  return { told, secrets: withoutKeyTrouble(new Opener(load), (text) => void told.push(text)) };
}

for (const error of [
  new UnusableAgeKey("the age key k cannot be used: it has a passphrase"),
  new UserError("age-key", "the age key k cannot be read (you may not read it)"),
])
  test(`a key is none where ${error.message}, and that is told once`, async () => {
    const { told, secrets } = failing(error);
    assert.equal(await secrets.prepare("acme"), false);
    assert.equal(await secrets.apart().prepare("acme"), false);
    assert.equal(await secrets.prepare("acme"), false);
    assert.deepEqual(told, [error.message]);
  });

test("a bug stays one", async () => {
  const { told, secrets } = failing(new TypeError("no function"));
  await assert.rejects(secrets.prepare("acme"), TypeError);
  assert.deepEqual(told, []);
});
