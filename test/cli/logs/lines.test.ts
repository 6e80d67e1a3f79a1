import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isOf, tagOf, type SourceLine } from "../../../src/cli/logs/lines.ts";
import { createSequencer, mergeByTime } from "../../../src/cli/logs/merge.ts";
import { secondsOf, type LogSource } from "../../../src/observe/logs.ts";

const source = (over: Partial<LogSource> = {}): LogSource => ({
  machine: "web-1",
  id: "0123",
  name: "acme-shop-1-0a1b2c3d",
  app: "shop",
  family: "shop",
  instance: "1",
  running: true,
  ...over,
});

const line = (time: number, text = ""): SourceLine => ({
  source: source(),
  stream: "stdout",
  time: `2026-01-01T00:00:00.${String(time).padStart(9, "0")}Z`,
  text,
});

describe("a line of a log", () => {
  const tags: readonly (readonly [Partial<LogSource>, string])[] = [
    [{}, "web-1/1"],
    [{ name: "acme-shop-1-new" }, "web-1/1"],
    [{ name: "acme-shop-1-prev" }, "web-1/1 (prev)"],
    [{ name: "acme-shop-1-failed" }, "web-1/1 (failed)"],
    [{ app: "shop-worker", instance: "2", name: "acme-shop-worker-2-0a1b2c3d" }, "web-1/worker-2"],
  ];
  for (const [over, tag] of tags) it(`is of ${tag}`, () => assert.equal(tagOf(source(over)), tag));

  it("is of a release that is no instance", () => {
    const { instance: _, ...release } = source();
    assert.equal(tagOf({ ...release, name: "acme-shop-release" }), "web-1/release");
  });

  it("belongs to its app, its app file, and what a rename made of it", () => {
    const worker = source({ app: "shop-worker", name: "acme-shop-worker-1-0a1b2c3d" });
    assert(isOf("shop", "acme")(worker));
    assert(isOf("shop-worker", "acme")(worker));
    assert(!isOf("worker", "acme")(worker));
    assert(isOf("store", "acme")(source({ name: "acme-store-1-0a1b2c3d" })));
    const kept = source({ name: "acme-store-web-1-0a1b2c3d" });
    assert(!isOf("store", "acme")(kept));
    assert(isOf("store", "acme", ["store-web"])(kept), "kept through a rename of its app");
    assert(!isOf("sh", "acme")(source()));
  });

  it("is asked for again by its time", () => {
    assert.equal(secondsOf("1970-01-01T00:01:00.123456789Z"), "60.123456789");
    assert.equal(secondsOf("1970-01-01T00:01:00Z"), "60.000000000");
  });
});

const feed = async function* (lines: readonly SourceLine[]): AsyncGenerator<SourceLine> {
  for (const one of lines) yield await Promise.resolve(one);
};

describe("logs of several containers", () => {
  it("are in order of time, and nothing is lost", async () => {
    const times = fc.array(fc.nat(1_000_000).map((time) => time));
    await fc.assert(
      fc.asyncProperty(fc.array(times, { maxLength: 6 }), async (all) => {
        const sorted = all.map((one) => one.toSorted((a, b) => a - b).map((time) => line(time)));
        const merged: string[] = [];
        for await (const one of mergeByTime(sorted.map(feed))) merged.push(one.time);
        assert.deepEqual(
          merged,
          sorted
            .flat()
            .map((one) => one.time)
            .toSorted(),
        );
      }),
    );
  });

  it("are put in order as they come, with what is pressed out at the end", async () => {
    const shown: string[] = [];
    const sequencer = createSequencer((one) => {
      shown.push(one.text);
      return Promise.resolve();
    });
    await sequencer.push(line(2, "b"));
    await sequencer.push(line(1, "a"));
    await sequencer.push(line(3, "c"));
    assert.deepEqual(shown, []);
    await sequencer.end();
    assert.deepEqual(shown, ["a", "b", "c"]);
  });
});
