import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Source } from "../../src/source/source.ts";
import { type Repo, trouble, Workshop } from "./workshop.ts";

async function woven(work: Repo): Promise<void> {
  await work.history(60);
  await work.git("checkout", "-q", "-b", "feature/x.y");
  await work.commit("side");
  await work.git("checkout", "-q", "main");
  await work.commit("main side", { "m.txt": "m" });
  await work.git("merge", "-q", "--no-ff", "-m", "merge", "feature/x.y");
  await work.git("tag", "light", "HEAD~3");
  await work.git("tag", "-a", "v1.0", "-m", "v1.0", "HEAD~2");
  await work.git("tag", "-a", "nested", "-m", "nested", "v1.0");
}

const written = [
  "HEAD",
  "@",
  "main",
  "HEAD~1",
  "HEAD^",
  "HEAD^2",
  "HEAD^2~3",
  "HEAD~",
  "HEAD~~^",
  "@~59",
  "main^0",
  "main^{commit}~2^{}",
  "light",
  "v1.0",
  "nested",
  "v1.0~1",
  "refs/tags/v1.0",
  "refs/heads/main",
  "feature/x.y",
];
const unknown = [
  "",
  "nope",
  "HEAD~4000",
  "HEAD^3",
  "main..HEAD",
  "../../etc/passwd",
  "-x",
  "abcd",
  "a b",
  "HEAD:x",
  "deadbee",
];

async function agrees(source: Source, repo: Repo): Promise<void> {
  for (const text of written) {
    assert.equal(await source.resolve(text), await repo.head(`${text}^{commit}`), text);
  }
  const head = await repo.head();
  const old = await repo.head("HEAD~40");
  assert.equal(await source.resolve(head.toUpperCase()), head);
  assert.equal(await source.resolve(old.slice(0, 12)), old);
  assert.equal(await source.resolve(`${old.slice(0, 10)}~1`), await repo.head("HEAD~41"));
  for (const text of unknown) {
    await assert.rejects(source.resolve(text), trouble("missing"), text);
  }
}

describe("a revision as people write it", () => {
  it("is what git takes it for, in a local repository", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await woven(work);
    await agrees(await shop.source({ repo: work.dir }), work);
    await work.git("gc", "-q");
    await agrees(await shop.source({ repo: work.dir }), work);
  });

  it("is what git takes it for, over HTTP", async () => {
    await using shop = await Workshop.open();
    const { work, open } = await shop.server();
    await woven(work);
    await work.git("push", "-q", "--all", "origin");
    await work.git("push", "-q", "--tags", "origin");
    await agrees(await open(), work);
  });

  it("is told where it is ambiguous", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await work.history(1200);
    const ids = (await work.git("rev-list", "main")).split("\n").toSorted();
    const twin = ids.find((id, i) => id.slice(0, 4) === ids[i + 1]?.slice(0, 4)) ?? "";
    const source = await shop.source({ repo: work.dir });
    await assert.rejects(source.resolve(twin.slice(0, 4)), trouble("missing", /ambiguous/));
  });
});
