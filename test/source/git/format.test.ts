import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import {
  formatCommit,
  formatTree,
  MalformedObject,
  parseCommit,
  parseTag,
  parseTree,
} from "../../../src/source/git/format.ts";
import { readLoose, writeLoose } from "../../../src/source/git/loose.ts";
import { must } from "../../fleet/run.ts";

const oid = fc.stringMatching(/^[0-9a-f]{40}$/);
const name = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((text) => !/[/\0]|^\.\.?$|^\.git$/i.test(text) && Buffer.from(text).toString() === text);
const item = fc.record(
  {
    mode: fc.constantFrom("40000", "100644", "100755", "120000", "160000"),
    name,
    oid,
  },
  { noNullPrototype: true },
);

describe("trees", () => {
  it("are written sorted as git sorts them, and read again", async () => {
    const dir = await mkdtemp(join(tmpdir(), "slipway-tree-"));
    await must(["git", "init", "-q", dir]);
    const types: Readonly<Record<string, string>> = { "40000": "tree", "160000": "commit" };
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(item, { selector: (i) => i.name, maxLength: 12 }),
        async (items) => {
          const ours = formatTree(items);
          const lines = items.map(
            (i) => `${i.mode} ${types[i.mode] ?? "blob"} ${i.oid}\t${i.name}\0`,
          );
          const id = (
            await must(["git", "-C", dir, "mktree", "-z", "--missing"], { input: lines.join("") })
          ).trim();
          assert.equal(await writeLoose(join(dir, ".git"), "tree", ours), id);
          const byName = (a: { name: string }, b: { name: string }): number =>
            a.name < b.name ? -1 : 1;
          assert.deepEqual(parseTree(id, ours).toSorted(byName), items.toSorted(byName));
          assert.deepEqual(formatTree(parseTree(id, ours, "latin1"), "latin1"), ours);
        },
      ),
      { numRuns: 25 },
    );
    await rm(dir, { recursive: true });
  });

  it("cut short are malformed", () => {
    const whole = formatTree([{ mode: "100644", name: "a", oid: "1".repeat(40) }]);
    for (let length = 1; length < whole.length; length += 1) {
      assert.throws(() => parseTree("x", whole.subarray(0, length)), MalformedObject);
    }
    assert.deepEqual(parseTree("x", Buffer.alloc(0)), []);
  });
});

describe("commits", () => {
  const [tree, parent] = ["a".repeat(40), "b".repeat(40)];
  const who = { name: "Ada\n<Lovelace>", email: "ada@example.com\n" };
  const bytes = formatCommit({
    tree,
    parents: [parent],
    message: "subject\n\nparent of\ntree x",
    author: who,
    committer: who,
    atMs: 1_700_000_000_999,
  });

  it("are read as they were written, with nothing slipped in by names", () => {
    assert.deepEqual(parseCommit("r", bytes), {
      revision: "r",
      tree,
      parents: [parent],
      message: "subject\n\nparent of\ntree x\n",
      author: "AdaLovelace <ada@example.com>",
      committedMs: 1_700_000_000_000,
    });
  });

  const odd: readonly (readonly [what: string, text: string, expected: object])[] = [
    [
      "signed",
      `tree ${tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 5 +0200\ngpgsig -----BEGIN\n tree x\n parent y\n\nm`,
      { parents: [], message: "m", committedMs: 5000 },
    ],
    [
      "without a message",
      `tree ${tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 5 +0200`,
      { message: "", author: "A <a@b>" },
    ],
    [
      "before 1970",
      `tree ${tree}\nauthor <> -7 +0000\ncommitter x <> -7 +0000\n\n`,
      { committedMs: -7000, author: " <>" },
    ],
    [
      "with nonsense for an author",
      `tree ${tree}\nauthor nobody\ncommitter\n\nm\n`,
      { author: "", committedMs: 0 },
    ],
    [
      "with three parents",
      `tree ${tree}\nparent 1\nparent 2\nparent 3\n\nm`,
      { parents: ["1", "2", "3"] },
    ],
  ];
  for (const [what, text, expected] of odd) {
    it(`are read: ${what}`, () => {
      const { revision: _, tree: __, ...read } = parseCommit("r", Buffer.from(text));
      assert.deepEqual({ ...read, ...expected }, read);
    });
  }

  it("without a tree are malformed", () => {
    assert.throws(() => parseCommit("r", Buffer.from("nonsense")), MalformedObject);
    assert.throws(() => parseTag("r", Buffer.from("nonsense")), MalformedObject);
  });
});

describe("single objects", () => {
  let dir = "";
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "slipway-loose-"));
    await must(["git", "init", "-q", "--bare", dir]);
  });
  after(() => rm(dir, { recursive: true }));

  it("are what git reads, and git's are read", async () => {
    for (const content of [Buffer.alloc(0), randomBytes(100_000), Buffer.from("text\n")]) {
      const id = await writeLoose(dir, "blob", content);
      assert.equal(await writeLoose(dir, "blob", content), id, "again");
      assert.equal(await must(["git", "-C", dir, "cat-file", "-s", id]), `${content.length}\n`);
      assert.deepEqual(await readLoose(dir, id, 1e6), { type: "blob", bytes: content });
    }
    await must(["git", "-C", dir, "fsck", "--strict"]);
    const theirs = (
      await must(["git", "-C", dir, "hash-object", "-w", "--stdin"], { input: "x" })
    ).trim();
    assert.equal((await readLoose(dir, theirs, 100))?.bytes.toString(), "x");
    assert.equal(await readLoose(dir, "0".repeat(40), 100), undefined);
  });

  it("that unfold to too much are refused before they do", async () => {
    const id = await writeLoose(dir, "blob", Buffer.alloc(50_000_000));
    const file = join(dir, "objects", id.slice(0, 2), id.slice(2));
    assert.ok((await readFile(file)).length < 100_000);
    await assert.rejects(readLoose(dir, id, 1_000_000), { code: "ERR_BUFFER_TOO_LARGE" });
    assert.equal(inflateSync(await readFile(file)).length, 50_000_000 + "blob 50000000\0".length);
  });
});
