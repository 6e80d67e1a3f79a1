import assert from "node:assert/strict";
import { test } from "node:test";
import { headReader } from "../../src/daemon/head.ts";
import { SourceError, type Source } from "../../src/source/source.ts";

test("trouble with the repository is told once, and that it is over", async () => {
  const answers = [
    "a",
    new SourceError("unreachable", "away"),
    new SourceError("denied", "no"),
    "b",
  ];
  const said: string[] = [];
  let asked = -1;
  const head = (): Promise<string> => {
    const answer = answers[Math.floor((asked += 1) / 2)];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? "");
  };
  const read = headReader(
    { head } as unknown as Source,
    (level, text) => void said.push(`${level} ${text}`),
  );
  const heads: unknown[] = [];
  for (let i = 0; i < 2 * answers.length; i += 1) heads.push(await read());
  const unread = { state: "unread" };
  const known = (head: string) => ({ state: "known", head });
  const first = [known("a"), known("a"), unread, unread];
  assert.deepEqual(heads, [...first, unread, unread, known("b"), known("b")]);
  assert.deepEqual(said, [
    "warn the repository: away",
    "warn the repository: no",
    "info the repository can be read again",
  ]);
});

test("a branch that was rewritten is something else than one that cannot be read", async () => {
  const head = (): Promise<string> => Promise.reject(new SourceError("rewritten", "rewritten"));
  const read = headReader({ head } as unknown as Source, () => undefined);
  assert.deepEqual(await read(), { state: "rewritten" });
});
