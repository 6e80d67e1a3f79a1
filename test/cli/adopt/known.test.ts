import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { knownMachine } from "../../../src/cli/adopt/known.ts";

const [first, second] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
const file = (name: string, machineId?: string, hostKey = "ssh-ed25519 A") => ({
  name,
  path: `machines/${name}.yaml`,
  text: "",
  hostKey,
  ...(machineId === undefined ? {} : { machineId }),
});

describe("the file of a machine that is looked at", () => {
  type Row = readonly [
    what: string,
    files: readonly ReturnType<typeof file>[],
    seen: { readonly machineId?: string; readonly name?: string },
    expected: string | RegExp | undefined,
  ];
  const rows: readonly Row[] = [
    ["nobody's", [file("web-1", first, "ssh-ed25519 B")], { machineId: first }, undefined],
    ["its own", [file("web-1", first)], { machineId: first }, "web-1"],
    ["its own by its name", [file("web-1", first)], { machineId: first, name: "web-1" }, "web-1"],
    ["its own without a machine-id", [file("web-1")], { machineId: first }, "web-1"],
    ["its own where it tells no machine-id", [file("web-1", first)], {}, "web-1"],
    [
      "the one of two that is its own",
      [file("web-1", first), file("web-2", second)],
      { machineId: second },
      "web-2",
    ],
    [
      "another machine's",
      [file("web-1", first)],
      { machineId: second },
      /the host key of machines\/web-1\.yaml and another machine-id.*share a host key/,
    ],
    [
      "its own by another name",
      [file("web-1", first)],
      { machineId: first, name: "web-2" },
      /the host key of machines\/web-1\.yaml: it is that machine/,
    ],
  ];
  for (const [what, files, seen, expected] of rows)
    test(`is ${what}`, () => {
      const known = () => knownMachine(files, { hostKey: "ssh-ed25519 A", ...seen });
      if (expected instanceof RegExp)
        assert.throws(known, { name: "UserError", message: expected });
      else assert.equal(known()?.name, expected);
    });
});
