import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { must } from "../fleet/run.ts";
import type { Source } from "../../src/source/source.ts";
import { trouble, Workshop, type Repo } from "./workshop.ts";

const revisions = (commits: readonly { readonly revision: string }[]): readonly string[] =>
  commits.map((commit) => commit.revision);

interface Plan {
  /** For each commit: how many commits back its parents are, and how many seconds after the first parent it is. */
  readonly parents: readonly number[];
  readonly seconds: number;
}

const plans = fc.array(
  fc.record({
    parents: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
    seconds: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 1, maxLength: 25 },
);

/** Commits of any shape, without files; the last one is `main`. */
async function weave(repo: Repo, plan: readonly Plan[]): Promise<readonly string[]> {
  let at = 1_700_000_000;
  const lines = [commitText(0, at, [])];
  for (const [index, { parents, seconds }] of plan.entries()) {
    at += seconds;
    const marks = parents.map((back) => Math.max(1, index + 2 - back));
    lines.push(commitText(index + 1, at, [...new Set(marks)]));
  }
  lines.push(`reset refs/heads/main\nfrom :${plan.length + 1}\n`);
  const marks = `${repo.dir}/marks`;
  await must(
    ["git", "-C", repo.dir, "fast-import", "--quiet", "--force", `--export-marks=${marks}`],
    { input: `${lines.join("\n")}\n` },
  );
  const text = await must(["sort", "-t:", "-k2", "-n", marks]);
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
}

function commitText(index: number, at: number, parents: readonly number[]): string {
  const message = `c${index}`;
  return [
    `commit refs/heads/tmp${index}`,
    `mark :${index + 1}`,
    `committer Ada <ada@example.com> ${at} +0000`,
    `data ${message.length}\n${message}`,
    ...parents.map((mark, position) => `${position === 0 ? "from" : "merge"} :${mark}`),
    "",
  ].join("\n");
}

/** Asks the same of git, which lists every commit with its parents, and of the source. */
async function agrees(source: Source, repo: Repo, commits: readonly string[]): Promise<void> {
  const to = commits.at(-1) ?? "";
  const listed = (await repo.git("rev-list", "--parents", "--all")).split("\n");
  const parents = new Map(listed.map((line) => [line.slice(0, 40), line.split(" ").slice(1)]));
  const reach = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
    if (!seen.has(from))
      for (const parent of parents.get(from) ?? []) reach(parent, seen.add(from));
    return seen.add(from);
  };
  const all = reach(to);
  for (const from of commits) {
    const expected = [...all.difference(reach(from))];
    const found = revisions(await source.between(from, to, 1000));
    assert.deepEqual(found.toSorted(), expected.toSorted(), `${from}..${to}`);
    assert.equal(await source.descends(from, to), all.has(from));
  }
  const first = await repo.git("rev-list", "--first-parent", "-n", "10", to);
  assert.deepEqual(revisions(await source.recent(10)), first.split("\n"));
}

describe("history", () => {
  it("is walked as git walks it, whatever its shape", async () => {
    await using shop = await Workshop.open();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        count += 1;
        const repo = await shop.repo(`r${count}`, "--bare");
        const commits = await weave(repo, plan);
        await agrees(await shop.source({ repo: repo.dir }), repo, commits);
      }),
      { numRuns: 15 },
    );
  });

  it("is fetched as far as the question needs, merges and all", async () => {
    await using shop = await Workshop.open();
    const { work, open, git, bare } = await shop.server();
    await work.history(30);
    const fork = await work.head();
    await work.git("checkout", "-q", "-b", "side");
    await work.commit("side 1", { "side.txt": "1" });
    const side = await work.commit("side 2", { "side.txt": "2" });
    await work.git("checkout", "-q", "main");
    await work.history(60);
    const before = await work.head();
    await work.git("merge", "-q", "--no-ff", "-m", "merge side", "side");
    const merge = await work.head();
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    await source.head();
    const requests = git.requests.length;
    assert.equal(await source.descends(before, merge), true);
    assert.ok(git.requests.length - requests <= 2, "told from what was fetched and one step more");
    assert.equal(await source.descends(side, merge), true);
    assert.equal(await source.descends(merge, before), false);
    const messages = (await source.between(before, merge, 100)).map(({ message }) => message);
    assert.deepEqual(messages, ["merge side\n", "side 2\n", "side 1\n"]);
    const all = await source.between(fork, merge, 1000);
    assert.equal(all.length, 63);
    assert.equal((await source.between(fork, merge, 10)).length, 10);
    assert.deepEqual(revisions(await source.between(undefined, merge, 5)), [merge]);
    assert.deepEqual(await source.between(merge, merge, 5), []);
    await agrees(source, bare, [fork, side, before, merge]);
  });

  it("of a commit that nobody has is missing, and nothing descends from it", async () => {
    await using shop = await Workshop.open();
    const { work, open } = await shop.server();
    const head = await work.commit("one");
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    const nowhere = "1234567890".repeat(4);
    assert.equal(await source.descends(nowhere, head), false);
    await assert.rejects(source.between(nowhere, head, 5), trouble("missing", /123456/));
    await assert.rejects(source.descends(head, nowhere), trouble("missing"));
  });

  it("that a shallow clone lacks is not guessed", async () => {
    await using shop = await Workshop.open();
    const origin = await shop.repo();
    const first = await origin.commit("one");
    await origin.commit("two");
    await origin.commit("three");
    const head = await origin.commit("four");
    const clone = `${shop.dir}/clone`;
    await must(["git", "clone", "-q", "--depth", "2", `file://${origin.dir}`, clone]);
    const source = await shop.source({ repo: clone });
    assert.equal((await source.recent(10)).length, 2);
    await assert.rejects(source.descends(first, head), trouble("missing", /unshallow/));
    assert.equal(await source.descends(await origin.head("HEAD~1"), head), true);
  });

  it("with clocks that went backwards is still that of git", async () => {
    await using shop = await Workshop.open();
    const repo = await shop.repo();
    const commits = [await repo.commit("one")];
    repo.shift(3600);
    commits.push(await repo.commit("two"));
    repo.shift(-7200);
    commits.push(await repo.commit("three"));
    repo.shift(3600);
    commits.push(await repo.commit("four"));
    await agrees(await shop.source({ repo: repo.dir }), repo, commits);
  });
});
