import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../src/model/change.ts";
import { emptyInventory, type Refusal } from "../../src/model/inventory.ts";
import type { Observation } from "../../src/model/observation.ts";
import { withoutRefused } from "../../src/plan/refused.ts";
import { facts } from "../support/converge.ts";
import { changeOf } from "../support/changes.ts";

const sshd = (machine: string, trial: string): Change =>
  changeOf(machine, "machine/sshd", undefined, "", { trial });

const seen = (
  machine: string,
  refused: Readonly<Record<string, Refusal>>,
  isReached = true,
): readonly [string, Observation] => [
  machine,
  {
    machine,
    troubles: [],
    kinds: new Map(),
    inventory: { state: "present", value: { ...emptyInventory("acme", machine), refused } },
    ...(isReached ? { facts } : {}),
  },
];

const refusal = { digest: "bad", revision: "r1", reason: "out" };
const untried = { ...refusal, digest: "good", tried: { "machine/web-1/sshd": "bad" } };

function heldOf(
  changes: readonly Change[],
  observations: readonly (readonly [string, Observation])[],
  retried: readonly string[] = [],
): readonly string[] {
  const input = { revision: "r2", observations: new Map(observations), retried };
  return withoutRefused(changes, changes, input).held.map(({ address }) => address);
}

const both = [
  seen("web-1", { "machine/web-1/sshd": refusal }),
  seen("web-2", { "machine/web-2/sshd": untried }),
];

test("what locked us out stays untried, and what was not tried because of it", () => {
  const changes = [sshd("web-1", "bad"), sshd("web-2", "good")];
  assert.deepEqual(heldOf(changes, both), ["machine/web-1/sshd", "machine/web-2/sshd"]);
  assert.deepEqual(heldOf(changes, both, ["machine/web-2"]), ["machine/web-1/sshd"]);
});

test("once it is declared otherwise, or no more, all are tried", () => {
  assert.deepEqual(heldOf([sshd("web-1", "other"), sshd("web-2", "good")], both), []);
  assert.deepEqual(heldOf([sshd("web-2", "good")], both), []);
});

test("while its machine does not answer nobody knows what would be changed there", () => {
  const [, second] = both;
  assert.ok(second !== undefined);
  const away = seen("web-1", {}, false);
  assert.deepEqual(heldOf([sshd("web-2", "good")], [away, second]), ["machine/web-2/sshd"]);
});
