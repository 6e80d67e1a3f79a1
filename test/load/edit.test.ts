import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { topText, withTopText } from "../../src/load/edit.ts";

describe("editing one line of a YAML file", () => {
  const cases: readonly (readonly [what: string, before: string, after: string | undefined])[] = [
    [
      "replaces a text",
      "a: 1 # one\nkey:   old   # why\nb: [x,\n  y]\n",
      "a: 1 # one\nkey:   new   # why\nb: [x,\n  y]\n",
    ],
    ["takes quotes away", "key: 'old' # why\n", "key: new # why\n"],
    ["fills an empty place", "key:\nb: 2\n", "key: new\nb: 2\n"],
    ["keeps other line ends", "a: 1\r\nkey: old\r\n", "a: 1\r\nkey: new\r\n"],
    ["adds at the end", "# top\na: 1", "# top\na: 1\nkey: new\n"],
    ["adds to nothing", "# only a comment\n", "# only a comment\nkey: new\n"],
    ["is not fooled by depth", "a: { key: old }\nb: 1\n", "a: { key: old }\nb: 1\nkey: new\n"],
    ["edits within braces", "{ a: 1, key: old }\n", "{ a: 1, key: new }\n"],
    ["adds nothing within braces", "{ a: 1 }\n", undefined],
    ["leaves a map alone", "key: { x: 1 }\n", undefined],
    ["leaves a list alone", "- a\n", undefined],
    ["leaves what it cannot read", "key: [\n", undefined],
  ];
  for (const [what, before, after] of cases)
    it(what, () => assert.equal(withTopText(before, "key", "new"), after));

  it("puts in quotes what would be no text", () => {
    assert.equal(withTopText("a: 1\n", "key", "12"), 'a: 1\nkey: "12"\n');
    assert.equal(withTopText("key: x\n", "key", "1e3"), 'key: "1e3"\n');
  });

  it("reads what it wrote", () => {
    assert.equal(topText("hostKey: ssh-ed25519 AAAA me # x\n", "hostKey"), "ssh-ed25519 AAAA me");
    assert.equal(topText("hostKey: 5\n", "hostKey"), undefined);
  });
});
