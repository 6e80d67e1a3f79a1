import assert from "node:assert/strict";
import { test } from "node:test";
import { handsOnTo } from "../../../../src/kinds/machine/proxy/hands-on.ts";
import { poolOf } from "../../../support/proxy-specs.ts";
import { plainProxy, proxyAfter } from "../../../support/proxy-states.ts";

const remote = [
  { machine: "web-2", address: "10.0.0.12", port: 8080 },
  { machine: "web-3", address: "fd00::13", port: 8080 },
];

test("where a proxy hands on to is told by pool, as it runs or would be started", () => {
  const have = proxyAfter({ ...plainProxy, pools: [poolOf("shop", { remote })] });
  assert.ok(have?.runtime !== undefined);
  const expected = new Map([["shop", new Set(["10.0.0.12:8080", "[fd00::13]:8080"])]]);
  assert.deepEqual(handsOnTo(have), expected);
  const { runtime: _, ...stopped } = have;
  assert.deepEqual(handsOnTo(stopped), expected);
});

test("who is on the machine itself is nobody that it hands on to", () => {
  const have = proxyAfter(plainProxy);
  assert.ok(have !== undefined);
  assert.deepEqual(handsOnTo(have), new Map());
});
