import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { findRepository } from "../../src/source/local/layout.ts";
import { must } from "../fleet/run.ts";
import { type Repo, textOf, trouble, Workshop } from "./workshop.ts";

describe("a local repository", () => {
  for (const kind of ["bare", "checked out", "packed"]) {
    it(`is read in place: ${kind}`, async () => {
      await using shop = await Workshop.open();
      const work = await shop.repo();
      await work.commit("one", { "apps/a.yaml": "a: 1\n" });
      const head = await work.commit("two", { "apps/a.yaml": "a: 2\n" });
      if (kind === "packed") await work.git("gc", "-q");
      const bare = join(shop.dir, "bare.git");
      if (kind === "bare") await must(["git", "clone", "-q", "--bare", work.dir, bare]);
      const source = await shop.source({ repo: kind === "bare" ? bare : work.dir });
      assert.equal(await source.head(), head);
      assert.equal(await textOf(await source.snapshot(), "apps/a.yaml"), "a: 2\n");
      const info = await source.commit(head);
      assert.deepEqual(
        [info.message, info.author, info.committedMs],
        ["two\n", "Ada <ada@example.com>", 1_700_000_002_000],
      );
      const next = await work.commit("three", { "apps/a.yaml": "a: 3\n" });
      if (kind === "packed") await work.git("gc", "-q", "--prune=now");
      if (kind !== "bare")
        assert.equal(await textOf(await source.snapshot(next), "apps/a.yaml"), "a: 3\n");
      assert.deepEqual(await readdir(shop.dir).then((all) => all.includes("state")), false);
    });
  }

  it("says what is there, and as what", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await work.write({ "run.sh": "#!/bin/sh\n", "ünïcode/日本語.yaml": "x", "a b\tc.txt": "tab" });
    await must(["chmod", "+x", join(work.dir, "run.sh")]);
    await work.link("link", "../../etc/passwd");
    const id = await work.commit("plain", {});
    await work.git("update-index", "--add", "--cacheinfo", `160000,${id},vendor/sub`);
    await work.git("commit", "-q", "-m", "submodule");
    const source = await shop.source({ repo: work.dir });
    const { entries, truncated } = await source.snapshot();
    assert.equal(truncated, undefined);
    assert.deepEqual(
      entries.map(({ path, type }) => [path, type]),
      [
        ["a b\tc.txt", "file"],
        ["link", "symlink"],
        ["run.sh", "executable"],
        ["vendor/sub", "submodule"],
        ["ünïcode/日本語.yaml", "file"],
      ],
    );
    assert.equal(await textOf(await source.snapshot(), "link"), "../../etc/passwd");
  });

  it("may be a folder of a larger one", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await work.commit("one", { "infra/prod/apps/a.yaml": "a", "other.txt": "o", "infra/x": "x" });
    const source = await shop.source({ repo: work.dir, path: "./infra/prod/" });
    const { entries } = await source.snapshot();
    assert.deepEqual(
      entries.map(({ path }) => path),
      ["apps/a.yaml"],
    );
    const gone = await shop.source({ repo: work.dir, path: "infra/staging" });
    await assert.rejects(gone.snapshot(), trouble("missing", /infra\/staging/));
    await assert.rejects(shop.source({ repo: work.dir, path: "../x" }), trouble("unsupported"));
    await assert.rejects(shop.source({ repo: work.dir, path: "/etc" }), trouble("unsupported"));
  });

  it("is read up to a limit", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const blob = await work.git("hash-object", "-w", "-t", "blob", "/dev/null");
    const mktree = async (lines: string): Promise<string> =>
      (await must(["git", "-C", work.dir, "mktree"], { input: lines })).trim();
    const flat = await mktree(
      Array.from({ length: 20_001 }, (_, i) => `100644 blob ${blob}\tf${i}\n`).join(""),
    );
    let bomb = await mktree(`100644 blob ${blob}\tleaf\n`);
    for (let level = 0; level < 12; level += 1) {
      bomb = await mktree(
        Array.from({ length: 10 }, (_, i) => `040000 tree ${bomb}\td${i}\n`).join(""),
      );
    }
    let deep = await mktree(`100644 blob ${blob}\tleaf\n`);
    for (let level = 0; level < 200; level += 1) deep = await mktree(`040000 tree ${deep}\td\n`);
    const source = await shop.source({ repo: work.dir });
    for (const [tree, said] of [
      [flat, /more than 20000 files/],
      [bomb, /more than 20000 files/],
      [deep, /more than 64 deep/],
    ] as const) {
      const commit = await work.git("commit-tree", "-m", "x", tree);
      assert.match((await source.snapshot(commit)).truncated ?? "", said);
    }
  });

  it("with forged names in its trees is refused", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const blob = await work.git("hash-object", "-w", "-t", "blob", "/dev/null");
    const input = Buffer.concat([Buffer.from("100644 apps/x.yaml\0"), Buffer.from(blob, "hex")]);
    const argv = ["hash-object", "-w", "-t", "tree", "--literally", "--stdin"];
    const tree = (await must(["git", "-C", work.dir, ...argv], { input })).trim();
    const commit = await work.git("commit-tree", "-m", "x", tree);
    const source = await shop.source({ repo: work.dir });
    await assert.rejects(source.snapshot(commit), trouble("unsupported", /forged name/));
  });

  it("gives no file larger than asked for", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await work.commit("one", { "big.txt": "x".repeat(5000) });
    const snapshot = await (await shop.source({ repo: work.dir })).snapshot();
    const blob = snapshot.entries[0]?.blob ?? "";
    await assert.rejects(snapshot.read(blob, 4999), trouble("too-large", /4999/));
    assert.equal((await snapshot.read(blob, 5000)).length, 5000);
    await assert.rejects(snapshot.read(blob, 4999), trouble("too-large"), "also once read");
  });

  it("that is damaged says so", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const head = await work.commit("one", { "a.txt": "a" });
    const source = await shop.source({ repo: work.dir });
    const { entries, read } = await source.snapshot();
    const blob = entries[0]?.blob ?? "";
    const file = join(work.dir, ".git/objects", blob.slice(0, 2), blob.slice(2));
    await rm(file);
    await assert.rejects(read(blob, 10), trouble("damaged", /git fsck/));
    await writeFile(file, "junk");
    await assert.rejects(read(blob, 10), trouble("damaged", /cannot be read/));
    await assert.rejects(source.snapshot(head.replace(/.$/, "x")), trouble("missing"));
  });
});

describe("what cannot be read in place is refused, saying what to do:", () => {
  const cases: readonly (readonly [
    what: string,
    make: (shop: Workshop, work: Repo) => Promise<string>,
    said: RegExp,
  ])[] = [
    [
      "a linked worktree",
      async (shop, work) => {
        await work.git("worktree", "add", "-q", "-b", "other", join(shop.dir, "linked"));
        return join(shop.dir, "linked");
      },
      /linked worktree.*--repo \S+\/work /,
    ],
    [
      "objects borrowed from elsewhere",
      async (shop, work) => {
        await must(["git", "clone", "-q", "--shared", work.dir, join(shop.dir, "shared")]);
        return join(shop.dir, "shared");
      },
      /git repack -a -d/,
    ],
    [
      "SHA-256",
      async (shop) => (await shop.repo("sha256", "--object-format=sha256")).dir,
      /SHA256.*SHA-1/,
    ],
    [
      "a partial clone",
      async (shop, work) => {
        await work.git("config", "uploadpack.allowFilter", "true");
        const clone = join(shop.dir, "partial");
        await must(["git", "clone", "-q", "--filter=blob:none", `file://${work.dir}`, clone]);
        return clone;
      },
      /without --filter/,
    ],
    [
      "a reftable",
      async (_, work) => {
        await mkdir(join(work.dir, ".git", "reftable"));
        return work.dir;
      },
      /ref-format=files/,
    ],
    ["SSH", () => Promise.resolve("ssh://git:pw@example.com/x.git"), /^ssh:\/\/example.com\/x/],
    ["SSH as scp writes it", () => Promise.resolve("git@example.com:x.git"), /https:\/\//],
  ];
  for (const [what, make, said] of cases) {
    it(what, async () => {
      await using shop = await Workshop.open();
      const work = await shop.repo();
      await work.commit("one");
      const repo = await make(shop, work);
      await assert.rejects(shop.source({ repo }), trouble("unsupported", said));
    });
  }

  it("no repository, no branch, no commit, too much", async () => {
    await using shop = await Workshop.open();
    await assert.rejects(
      shop.source({ repo: shop.dir }),
      trouble("missing", /not a git repository/),
    );
    await assert.rejects(shop.source({ repo: join(shop.dir, "nope") }), trouble("missing"));
    const work = await shop.repo();
    const source = await shop.source({ repo: work.dir });
    await assert.rejects(source.head(), trouble("missing", /no branch main; it has no commit yet/));
    await work.commit("one", { "a.txt": "x".repeat(1000) });
    await work.git("gc", "-q");
    const small = shop.source({ repo: work.dir, maxPackBytes: 20 });
    await assert.rejects(small, trouble("too-large", /pack of 1 MB/));
  });

  it("a branch that cannot be one", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await work.commit("one");
    const source = await shop.source({ repo: work.dir, branch: "refs/heads/main" });
    assert.equal(await source.head(), await work.head());
    for (const branch of ["../../x", "-x", "a b", "", "a..b", "x.lock"]) {
      await assert.rejects(
        shop.source({ repo: work.dir, branch }),
        trouble("unsupported", /branch/),
      );
      const to = await work.head();
      await assert.rejects(
        source.rollback({ to, branch, message: "x" }),
        trouble("unsupported", /branch/),
      );
    }
  });

  it("but not a submodule or another folder's .git", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo("apart", `--separate-git-dir=${join(shop.dir, "apart.git")}`);
    const head = await work.commit("one");
    assert.equal(await (await shop.source({ repo: work.dir })).head(), head);
  });
});

describe("the repository around a folder", () => {
  it("is found from anywhere in it", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await work.commit("one", { "a/b/c.txt": "x" });
    assert.equal(await findRepository(join(work.dir, "a/b")), work.dir);
    assert.equal(await findRepository(work.dir), work.dir);
    const bare = await shop.repo("bare.git", "--bare");
    assert.equal(await findRepository(bare.dir), bare.dir);
    assert.equal(await findRepository(shop.dir), undefined);
    assert.equal(await findRepository(join(shop.dir, "nope/nope")), undefined);
  });
});

describe("a branch is heard moving", () => {
  it("by a commit, by packing and by a push, and only then", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await work.commit("one");
    const bare = await shop.repo("bare.git", "--bare");
    await work.git("push", "-q", bare.dir, "main");
    const source = await shop.source({ repo: bare.dir });
    const heard = new EventTarget();
    let count = 0;
    const watch = await source.watch(() => {
      count += 1;
      heard.dispatchEvent(new Event("moved"));
    });
    shop.onClose(() => watch.close());
    const moved = async (change: () => Promise<unknown>): Promise<void> => {
      const before = count;
      const event = once(heard, "moved");
      await change();
      await event;
      assert.equal(count, before + 1);
    };
    const push = async (): Promise<void> => {
      await work.commit(`c${count}`);
      await work.git("push", "-q", bare.dir, "main");
    };
    await moved(push);
    await bare.git("pack-refs", "--all");
    await bare.git("branch", "another");
    await source.writeNote(await source.head(), "a note");
    await moved(push);
    await bare.git("pack-refs", "--all");
    await moved(push);
    await moved(() => bare.git("update-ref", "refs/heads/main", "main~1"));
  });
});

describe("a clone and its upstream", () => {
  it("are compared", async () => {
    await using shop = await Workshop.open();
    const origin = await shop.repo("origin", "--bare");
    const work = await shop.repo();
    await work.commit("one");
    const source = await shop.source({ repo: work.dir });
    assert.deepEqual(await source.upstreamState(), { state: "none" });
    await work.git("remote", "add", "hub", origin.dir);
    await work.git("push", "-q", "-u", "hub", "main:trunk");
    const upstream = "hub/trunk";
    assert.deepEqual(await source.upstreamState(), { state: "same", upstream });
    await work.commit("two");
    assert.deepEqual(await source.upstreamState(), { state: "ahead", upstream });
    await work.git("push", "-q", "hub", "main:trunk");
    await work.git("reset", "-q", "--hard", "HEAD~1");
    assert.deepEqual(await source.upstreamState(), { state: "behind", upstream });
    await work.commit("three");
    assert.deepEqual(await source.upstreamState(), { state: "diverged", upstream });
  });

  it("are taken to be of the same name where nothing is configured", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    await work.commit("one");
    await work.git("update-ref", "refs/remotes/origin/main", "main");
    await work.commit("two");
    const source = await shop.source({ repo: work.dir });
    assert.deepEqual(await source.upstreamState(), { state: "ahead", upstream: "origin/main" });
  });
});
