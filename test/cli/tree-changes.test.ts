import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { treeChanges } from "../../src/cli/tree-changes.ts";
import { snapshotOf } from "../support/repo.ts";

describe("what a rollback does to files", () => {
  it("is told by path", () => {
    const from = snapshotOf({ a: "1", b: "2", c: "3" });
    const to = snapshotOf({ a: "1", b: "x", d: "4" });
    assert.deepEqual(treeChanges(from, to), { added: ["d"], changed: ["b"], removed: ["c"] });
  });
});
