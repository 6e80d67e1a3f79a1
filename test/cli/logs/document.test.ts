import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Context } from "../../../src/cli/command.ts";
import { lineShow } from "../../../src/cli/logs/show.ts";
import type { SourceLine } from "../../../src/cli/logs/lines.ts";
import { assertPublished } from "../../support/published.ts";
import { recordedIo } from "../screen.ts";

const line = (text: string): SourceLine => ({
  stream: "stdout",
  time: "2026-01-31T12:00:00.000000000Z",
  text,
  source: {
    machine: "web-1",
    id: "a1",
    name: "acme-shop-1-3f2a91c0",
    app: "shop",
    family: "shop",
    instance: "1",
    running: true,
  },
});

const shown = async (lines: readonly string[], follows: boolean): Promise<string> => {
  const io = recordedIo();
  const options = { json: true, color: { out: false, err: false } };
  const show = lineShow({ io, options } as unknown as Context, { withTime: false, follows });
  for (const text of lines) await show.show(line(text));
  if (!follows) show.end([{ machine: "web-2", text: "connection refused" }]);
  return io.said().out;
};

describe("logs --json", () => {
  const lines = ["one", "", "\u001b[31mred\u202e", '"quoted"'];

  for (const some of [[], lines.slice(0, 1), lines])
    it(`makes one document of ${some.length} lines`, async () => {
      const document = JSON.parse(await shown(some, false)) as { lines: { text: string }[] };
      assertPublished("logs", document);
      assert.deepEqual(
        document.lines.map(({ text }) => text),
        some,
      );
    });

  it("with -f makes a document of each line, without what a terminal obeys", async () => {
    const out = await shown(lines, true);
    const documents = out
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as SourceLine);
    for (const document of documents) assertPublished("log-line", document);
    assert.deepEqual(
      documents.map(({ text }) => text),
      lines,
    );
    assert(!out.includes("\u001b") && !out.includes("\u202e"));
  });
});
