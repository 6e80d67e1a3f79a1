import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { flushPkt, parsePktLines, pktLine } from "../../../src/source/http/pkt-line.ts";

it("lines come through whole, and not at all without their end", () => {
  const line = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes("\n"));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const bytes = Buffer.from(lines.map((each) => pktLine(`${each}\n`)).join("") + flushPkt);
      assert.deepEqual(parsePktLines(bytes), lines);
      for (let length = 0; length < Math.min(bytes.length, 40); length += 1) {
        assert.equal(parsePktLines(bytes.subarray(0, length)), undefined);
      }
    }),
  );
});

for (const bad of ["", "zzzz", "<html>", "0009", "00", "0003", "ERR nothing here"]) {
  it(`takes ${JSON.stringify(bad)} for no answer`, () => {
    assert.equal(parsePktLines(Buffer.from(bad)), undefined);
  });
}
