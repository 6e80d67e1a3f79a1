import assert from "node:assert/strict";
import { test } from "node:test";
import { compareDebianVersions } from "../../src/lib/debian-version.ts";

/** Each older than the next; dpkg --compare-versions says the same of all pairs. */
const inOrder = [
  "0~~a",
  "0~a",
  "0",
  "0.1",
  "1.0~rc1",
  "1.0~rc1-1",
  "1.0",
  "1.0-0.1",
  "1.0-1~bpo12+1",
  "1.0-1",
  "1.0-1+deb12u1",
  "1.0-9",
  "1.0-10",
  "1.0a",
  "1.0+dfsg",
  "1.0.1",
  "1.22.1-9",
  "1.22.1-9+deb12u1",
  "15+248",
  "15.8-0+deb12u1",
  "1:0.9",
];

test("versions of packages are ordered as dpkg does it", () => {
  for (const [i, a] of inOrder.entries())
    for (const [j, b] of inOrder.entries())
      assert.equal(Math.sign(compareDebianVersions(a, b)), Math.sign(i - j), `${a} and ${b}`);
});
