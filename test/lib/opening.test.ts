import assert from "node:assert/strict";
import { test } from "node:test";
import {
  covers,
  openingText,
  parseNetwork,
  parsePorts,
  type Opening,
} from "../../src/lib/opening.ts";

const tcp = (ports: Opening["ports"], more: Partial<Opening> = {}): Opening => ({
  protocol: "tcp",
  ports,
  ...more,
});

test("ports are one or a range", () => {
  assert.deepEqual(parsePorts(443), [443, 443]);
  assert.deepEqual(parsePorts("8000-8010"), [8000, 8010]);
  for (const wrong of ["0", "65536", "9-8", "1-", "-1", "a", ""])
    assert.equal(parsePorts(wrong), undefined, wrong);
});

test("a network is an address, or one with the length of its prefix", () => {
  assert.equal(parseNetwork("10.0.0.0/8")?.prefix, 8);
  assert.equal(parseNetwork("2001:db8::1")?.prefix, 128);
  for (const wrong of [
    "10.0.0.0/33",
    "::/129",
    "10.0.0/8",
    "10.0.0.0/",
    "1.2.3.4/8/8",
    "fe80::1%eth0",
  ])
    assert.equal(parseNetwork(wrong), undefined, wrong);
});

test("what comes in by one opening comes in by a wider one", () => {
  const cases: readonly (readonly [Opening, Opening, boolean])[] = [
    [tcp([1, 9]), tcp([2, 3]), true],
    [tcp([2, 3]), tcp([2, 4]), false],
    [tcp([2, 2]), { ...tcp([2, 2]), protocol: "udp" }, false],
    [tcp([2, 2]), tcp([2, 2], { from: "10.0.0.0/8" }), true],
    [tcp([2, 2], { from: "10.0.0.0/8" }), tcp([2, 2]), false],
    [tcp([2, 2], { from: "10.0.0.0/8" }), tcp([2, 2], { from: "10.1.0.0/16" }), true],
    [tcp([2, 2], { from: "10.0.0.0/8" }), tcp([2, 2], { from: "10.1.2.3" }), true],
    [tcp([2, 2], { from: "10.0.0.0/16" }), tcp([2, 2], { from: "10.0.0.0/8" }), false],
    [tcp([2, 2], { from: "10.0.0.0/8" }), tcp([2, 2], { from: "11.0.0.0/8" }), false],
    [tcp([2, 2], { from: "2001:db8::/32" }), tcp([2, 2], { from: "2001:db8:1::/48" }), true],
    [tcp([2, 2], { from: "::/0" }), tcp([2, 2], { from: "10.0.0.0/8" }), false],
    [tcp([2, 2], { to: "10.0.0.1" }), tcp([2, 2]), false],
    [tcp([2, 2]), tcp([2, 2], { to: "10.0.0.1" }), true],
  ];
  for (const [wide, narrow, expected] of cases)
    assert.equal(covers(wide, narrow), expected, `${openingText(wide)} > ${openingText(narrow)}`);
});
