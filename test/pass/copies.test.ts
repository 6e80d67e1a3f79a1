import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MachineDocument } from "../../src/model/documents.ts";
import { emptyInventory } from "../../src/model/inventory.ts";
import type { Observation } from "../../src/model/observation.ts";
import { withoutCopies } from "../../src/pass/copies.ts";

/** What a machine's record says: its name, `none` where there is no record, `unknown` where it does not answer. */
type Records = Readonly<Record<string, string>>;

function seen(records: Records): ReadonlyMap<string, Observation> {
  return new Map(
    Object.entries(records).map(([machine, recorded]): [string, Observation] => [
      machine,
      {
        machine,
        kinds: new Map([["machine/sysctl", { state: "absent" }]]),
        troubles: [],
        inventory:
          recorded === "none"
            ? { state: "absent" }
            : recorded === "unknown"
              ? { state: "unknown", why: "no answer" }
              : { state: "present", value: emptyInventory("acme", recorded) },
      },
    ]),
  );
}

describe("machines with the record of another", () => {
  const cases: readonly (readonly [what: string, records: Records, copies: readonly string[]])[] = [
    ["each has its own", { a: "a", b: "b", c: "none" }, []],
    ["a copied disk", { a: "a", b: "a" }, ["b"]],
    ["a copied disk, while the other does not answer", { a: "unknown", b: "a" }, ["b"]],
    ["a rename", { b: "a" }, []],
    ["a rename, and a new machine of that name", { a: "none", b: "a" }, []],
    ["two that swapped their names", { a: "b", b: "a" }, []],
  ];
  for (const [what, records, copies] of cases)
    it(what, () => {
      const declared = Object.keys(records).map((name) => [name, {} as MachineDocument] as const);
      const before = seen(records);
      const found = withoutCopies(before, { machines: new Map(declared), fleet: "acme" });
      const changed = [...found.values()].filter((o) => o !== before.get(o.machine));
      assert.deepEqual(
        changed.map(({ machine }) => machine),
        copies,
      );
      for (const { inventory, kinds, troubles, facts } of changed) {
        assert.equal(inventory.state, "unknown");
        assert.equal(kinds.size, 0);
        assert.equal(facts, undefined);
        assert.match(troubles[0]?.text ?? "", /record of a, which is declared too/);
        assert.equal(troubles[0]?.class, "identity");
      }
    });
});
