import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BoundedMap } from "../../../src/source/git/bounded-map.ts";
import { CommitQueue } from "../../../src/source/git/commit-queue.ts";

describe("a bounded map", () => {
  it("never holds more than it may, and drops what was used longest ago", () => {
    const steps = fc.array(
      fc.record({ key: fc.integer({ min: 0, max: 20 }), weight: fc.integer({ min: 1, max: 30 }) }),
    );
    fc.assert(
      fc.property(steps, (all) => {
        const map = new BoundedMap<number, number>(100);
        const model = new Map<number, number>();
        for (const { key, weight } of all) {
          map.set(key, weight, weight);
          model.delete(key);
          if (weight <= 25) model.set(key, weight);
          const sum = (): number => [...model.values()].reduce((total, one) => total + one, 0);
          for (const oldest of model.keys()) if (sum() > 100) model.delete(oldest);
        }
        for (let key = 0; key <= 20; key += 1) assert.equal(map.get(key), model.get(key));
      }),
    );
  });

  it("keeps what is used", () => {
    const map = new BoundedMap<string, number>(4);
    for (const key of ["a", "b", "c", "d"]) map.set(key, 1);
    map.get("a");
    map.set("e", 1);
    assert.deepEqual(
      ["a", "b", "c", "d", "e"].map((key) => map.get(key)),
      [1, undefined, 1, 1, 1],
    );
    map.clear();
    assert.equal(map.get("a"), undefined);
  });
});

describe("a queue of commits", () => {
  it("gives the newest first", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (times) => {
        const queue = new CommitQueue();
        for (const committedMs of times) queue.push({ revision: String(committedMs), committedMs });
        const popped = times.map(() => Number(queue.pop()));
        assert.deepEqual(
          popped,
          times.toSorted((a, b) => b - a),
        );
        assert.equal(queue.size, 0);
        assert.equal(queue.pop(), undefined);
      }),
    );
  });
});
