import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { TreeEntry } from "../../src/model/snapshot.ts";
import { mergedSnapshot, mergeEntries } from "../../src/pass/merged.ts";
import { openSource } from "../../src/source/open.ts";
import type { Source } from "../../src/source/source.ts";
import { must } from "../fleet/run.ts";
import { makeInfra, type Files, type Infra } from "../support/infra.ts";

describe("what merging would give", () => {
  let infra: Infra;
  let source: Source;
  before(async () => {
    infra = await makeInfra();
    await infra.commit("Start", { a: "a\n", b: "b\n", c: "c\n" });
    source = await openSource({ repo: infra.repo, branch: "main", stateDir: infra.repo });
  });
  after(async () => {
    await source.close();
    await infra.close();
  });

  /** Commits on a branch of its own that starts at `from`. */
  const branch = async (from: string, files: Files): Promise<string> => {
    await infra.git("checkout", "-q", "--detach", from);
    const head = await infra.commit("Change", files);
    await infra.git("checkout", "-q", "main");
    return head;
  };
  const merged = async (base: string, head: string, mergeRef?: string): Promise<unknown> => {
    const found = await mergedSnapshot(source, base, head, mergeRef);
    if ("clashes" in found) return found.clashes;
    const { snapshot } = found;
    assert.equal(snapshot.revision, head);
    const texts = snapshot.entries.map(async ({ path, blob }) => [
      path,
      Buffer.from(await snapshot.read(blob, 100))
        .toString()
        .trim(),
    ]);
    return Object.fromEntries((await Promise.all(texts)) as [string, string][]);
  };

  test("is the head's own tree where nothing came between", async () => {
    const base = await infra.git("rev-parse", "main");
    const head = await branch("main", { a: undefined, d: "d\n" });
    assert.deepEqual(await merged(base, head), { b: "b", c: "c", d: "d" });
  });

  test("keeps what the branch did meanwhile", async () => {
    const head = await branch("main", { a: "a2\n", c: undefined });
    const base = await infra.commit("Meanwhile", { b: "b2\n", e: "e\n" });
    assert.deepEqual(await merged(base, head), { a: "a2", b: "b2", e: "e" });
    const both = await branch("main", { b: "b3\n" });
    await infra.commit("Elsewhere", { c: "c2\n" });
    const now = await infra.commit("Same file", { b: "b4\n" });
    assert.deepEqual(await merged(now, both), ["b"]);
  });

  test("where both changed the same file, is what the repository has for these two", async () => {
    const ref = "refs/pull/1/merge";
    const text = (last: string): string => `1\n2\n3\n4\n${last}\n`;
    await infra.commit("Lines", { lines: text("5") });
    const head = await branch("main", { lines: text("five") });
    const base = await infra.commit("Same file", { lines: text("5").replace("1", "one") });
    assert.deepEqual(await merged(base, head, ref), ["lines"], "none is there");
    await infra.git("checkout", "-q", "--detach", base);
    await infra.git("merge", "-q", "--no-ff", "--no-edit", head);
    await infra.git("update-ref", ref, "HEAD");
    await infra.git("checkout", "-q", "main");
    const found = (await merged(base, head, ref)) as Record<string, string>;
    assert.equal(found["lines"], text("five").replace("1", "one").trim());
    const moved = await infra.commit("Onwards", { e: "e1\n" });
    assert.deepEqual(await merged(moved, head, ref), ["lines"], "one of before");
    await infra.git("update-ref", ref, head);
    assert.deepEqual(await merged(moved, head, ref), ["lines"], "no merge");
    await infra.commit("Clean", { lines: undefined, e: undefined });
  });

  test("counts from the last time that the branch was taken in", async () => {
    const first = await branch("main", { a: "a5\n" });
    await infra.commit("Meanwhile", { a: "a6\n" });
    await infra.git("checkout", "-q", "--detach", first);
    await infra.git("merge", "-q", "-s", "ours", "--no-edit", "main");
    const head = await infra.git("rev-parse", "HEAD");
    await infra.git("checkout", "-q", "main");
    const base = await infra.commit("Again", { e: "e2\n" });
    const found = (await merged(base, head)) as Record<string, string>;
    assert.deepEqual([found["a"], found["e"]], ["a5", "e2"]);
  });

  test("of a head that is on the branch already is the branch", async () => {
    const base = await infra.git("rev-parse", "main");
    const found = await merged(base, await infra.git("rev-parse", "main~1"));
    assert.equal((found as Record<string, string>)["e"], "e2");
  });

  test("agrees with git", async () => {
    // No two files alike: git 2.39 looks for renames here whatever its settings say.
    const contents = fc
      .dictionary(fc.constantFrom("p", "q", "r"), fc.constantFrom("1", "2", "3"))
      .map((files) =>
        Object.fromEntries(Object.entries(files).map(([path, text]) => [path, `${path}${text}\n`])),
      );
    const onto = async (parent: string | undefined, files: Files): Promise<string> => {
      await infra.git("rm", "-rqf", "--cached", "--ignore-unmatch", ".");
      for (const [path, text = ""] of Object.entries(files)) {
        const blob = await must(["git", "-C", infra.repo, "hash-object", "-w", "--stdin"], {
          input: text,
        });
        await infra.git("update-index", "--add", "--cacheinfo", `100644,${blob.trim()},${path}`);
      }
      const tree = await infra.git("write-tree");
      const parents = parent === undefined ? [] : ["-p", parent];
      return await infra.git("commit-tree", "-m", "x", ...parents, tree);
    };
    await fc.assert(
      fc.asyncProperty(contents, contents, contents, async (start, theirs, ours) => {
        const root = await onto(undefined, start);
        const [base, head] = [await onto(root, theirs), await onto(root, ours)];
        const found = await merged(base, head);
        const tree = await infra
          .git("merge-tree", "--write-tree", base, head)
          .catch(() => undefined);
        if (tree === undefined) {
          assert.ok(Array.isArray(found), JSON.stringify(found));
          return;
        }
        const listing = await infra.git("ls-tree", tree);
        const names = listing.split("\n").flatMap((line) => line.split("\t")[1] ?? []);
        assert.deepEqual(Object.keys(found as object), names);
        for (const name of names)
          assert.equal(
            (found as Record<string, string>)[name],
            await infra.git("show", `${tree}:${name}`),
          );
      }),
      { numRuns: 15 },
    );
  });
});

test("a mode that changes is a change, and equal changes are no clash", () => {
  const file = (blob: string, type: TreeEntry["type"] = "file"): TreeEntry[] => [
    { path: "x", blob, type },
  ];
  const cases: readonly (readonly [
    before: TreeEntry[],
    onto: TreeEntry[],
    own: TreeEntry[],
    wanted: TreeEntry[] | "clash",
  ])[] = [
    [file("1"), file("1"), file("1", "executable"), file("1", "executable")],
    [file("1"), file("2"), file("1", "executable"), "clash"],
    [file("1"), file("2"), file("2"), file("2")],
    [file("1"), [], [], []],
    [file("1"), [], file("2"), "clash"],
    [file("1"), file("2"), [], "clash"],
    [[], file("1"), file("2"), "clash"],
    [file("1"), [], file("1"), []],
  ];
  for (const [start, onto, own, wanted] of cases) {
    const { entries, clashes } = mergeEntries(start, onto, own);
    if (wanted === "clash") assert.deepEqual(clashes, ["x"]);
    else assert.deepEqual([entries, clashes], [wanted, []]);
  }
});
