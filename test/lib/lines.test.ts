import assert from "node:assert/strict";
import { test } from "node:test";
import { all } from "../support/remote.ts";
import { jsonLinesOf, linesOf } from "../../src/lib/lines.ts";

async function* chunked(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const cases: readonly { chunks: string[]; lines: string[]; maxBytes?: number }[] = [
  { chunks: [], lines: [] },
  { chunks: ["a\nb\n"], lines: ["a", "b"] },
  { chunks: ["a", "b\nc"], lines: ["ab", "c"] },
  { chunks: ["\n\n"], lines: ["", ""] },
  { chunks: ["a\r\nb\r\n"], lines: ["a", "b"] },
  { chunks: ["abcdef\ng"], maxBytes: 4, lines: ["abcd", "ef", "g"] },
  { chunks: ["ab", "cd", "ef\n"], maxBytes: 4, lines: ["abcd", "ef"] },
  { chunks: ["abcd\ne"], maxBytes: 4, lines: ["abcd", "e"] },
];
for (const { chunks, lines, maxBytes } of cases) {
  test(`lines of ${JSON.stringify(chunks)}, at most ${maxBytes ?? "many"} bytes`, async () => {
    assert.deepEqual(await all(linesOf(chunked(...chunks), maxBytes)), lines);
  });
}

test("JSON lines pass over what is none", async () => {
  assert.deepEqual(await all(jsonLinesOf(chunked('{"a":1}\r\nwhat\n', '{"b"', ":2}"))), [
    { a: 1 },
    { b: 2 },
  ]);
});

test("a character that two chunks share stays whole", async () => {
  const bytes = Buffer.from("caf\u00e9\n");
  async function* halves(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 4);
    yield bytes.subarray(4);
  }
  assert.deepEqual(await all(linesOf(halves())), ["caf\u00e9"]);
});
