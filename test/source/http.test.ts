import assert from "node:assert/strict";
import { it } from "node:test";
import { textOf, Workshop } from "./workshop.ts";

it("polls with one request and reads only what changed", async () => {
  await using shop = await Workshop.open();
  const { work, open, git } = await shop.server();
  const first = await work.commit("one", { "apps/a.yaml": "a: 1\n", "apps/b.yaml": "b: 1\n" });
  await work.git("push", "-q", "origin", "main");
  const source = await open();
  assert.equal(await source.head(), first);
  assert.equal(await textOf(await source.snapshot(), "apps/a.yaml"), "a: 1\n");

  const before = git.requests.length;
  assert.equal(await source.head(), first);
  assert.deepEqual(git.requests.slice(before), ["POST /infra.git/git-upload-pack"]);

  const second = await work.commit("two", { "apps/a.yaml": "a: 2\n" });
  await work.git("push", "-q", "origin", "main");
  assert.equal(await source.head(), second);
  assert.equal(await textOf(await source.snapshot(second), "apps/a.yaml"), "a: 2\n");
  assert.equal(await textOf(await source.snapshot(first), "apps/a.yaml"), "a: 1\n");
});
