import assert from "node:assert/strict";
import { test } from "node:test";
import { isRebootNeeded } from "../../src/lib/kernels.ts";

const cases: readonly (readonly [
  name: string,
  running: string,
  installed: string,
  wanted: boolean | undefined,
])[] = [
  ["a newer one of Debian", "6.1.0-18-amd64", "6.1.0-18-amd64 6.1.0-21-amd64", true],
  ["one with more digits", "5.15.0-99-generic", "5.15.0-99-generic 5.15.0-101-generic", true],
  ["an older one", "6.1.0-21-amd64", "6.1.0-18-amd64 6.1.0-21-amd64", false],
  ["another sort", "6.1.0-18-amd64", "6.1.0-18-amd64 6.1.0-21-cloud-amd64", false],
  ["a newer release", "6.12.41+deb13-amd64", "6.12.41+deb13-amd64 6.12.48+deb13-amd64", true],
  [
    "a newer one of Red Hat, beside a rescue image",
    "5.14.0-362.8.1.el9_3.x86_64",
    "0-rescue-5b1c 5.14.0-362.8.1.el9_3.x86_64 5.14.0-427.13.1.el9_4.x86_64",
    true,
  ],
  ["the running one is not among them", "6.6.31-0-lts", "lts", undefined],
  ["none at all", "6.1.0-18-amd64", "", undefined],
];

for (const [name, running, installed, wanted] of cases) {
  test(`a reboot for ${name}: ${wanted ?? "not known"}`, () =>
    assert.equal(isRebootNeeded(false, running, installed.split(" ")), wanted));
}

test("what asks for a reboot gets its way, whatever kernels there are", () =>
  assert.equal(isRebootNeeded(true, "6.1.0-18-amd64", []), true));
