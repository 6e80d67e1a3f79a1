import assert from "node:assert/strict";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { must } from "../fleet/run.ts";
import { relay } from "./relay.ts";
import { type Repo, trouble, Workshop } from "./workshop.ts";

const message = "Roll back to the first\n\nThis restores it.";

async function threeCommits(work: Repo): Promise<{ readonly good: string; readonly head: string }> {
  const good = await work.commit("good", { "apps/a.yaml": "a: 1\n", "b.txt": "b\n" });
  await work.commit("worse", { "apps/a.yaml": "a: 2\n", "new/c.txt": "c\n" });
  const head = await work.commit("bad", { "apps/a.yaml": "a: 3\n", "b.txt": "broken\n" });
  return { good, head };
}

async function isRollback(repo: Repo, commit: string, good: string, head: string): Promise<void> {
  assert.equal(await repo.head(`${commit}^{tree}`), await repo.head(`${good}^{tree}`));
  assert.equal(await repo.head(`${commit}^`), head);
  assert.equal(await repo.git("log", "-1", "--format=%B", commit), message);
  assert.equal(
    await repo.git("log", "-1", "--format=%an <%ae>", commit),
    "slipway <slipway@localhost>",
  );
  await repo.git("fsck", "--strict");
}

describe("rolling back over HTTP", () => {
  it("pushes one commit with the former tree", async () => {
    await using shop = await Workshop.open();
    const { work, bare, open } = await shop.server();
    const { good, head } = await threeCommits(work);
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    const commit = await source.rollback({ to: good, branch: "main", message, expectedHead: head });
    assert.equal(await bare.head("main"), commit);
    await isRollback(bare, commit, good, head);
    assert.equal(await source.head(), commit);
    assert.equal(
      await source.rollback({ to: good, branch: "main", message }),
      commit,
      "nothing to do",
    );
    const forth = await source.rollback({
      to: head,
      branch: "main",
      message: "Forth",
      author: { name: "Ada <x>", email: "ada@example.com" },
    });
    assert.equal(
      await bare.git("log", "-1", "--format=%an <%ae> %s", forth),
      "Ada x <ada@example.com> Forth",
    );
    assert.equal(await bare.head("main^{tree}"), await bare.head(`${head}^{tree}`));
  });

  it("makes a branch of it for a pull request", async () => {
    await using shop = await Workshop.open();
    const { work, bare, open } = await shop.server();
    const { good, head } = await threeCommits(work);
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    const commit = await source.rollback({ to: good, branch: "slipway/rollback", message });
    assert.equal(await bare.head("slipway/rollback"), commit);
    assert.equal(await bare.head("main"), head);
    await isRollback(bare, commit, good, head);
    const again = source.rollback({ to: good, branch: "slipway/rollback", message: "again" });
    await assert.rejects(again, trouble("moved", /slipway\/rollback/));
  });

  it("brings back a folder and leaves the others as they are, byte for byte", async () => {
    await using shop = await Workshop.open();
    const { work, bare, open } = await shop.server();
    const old = await work.commit("old", { "x/infra/a": "1", "x/other": "1", "y.txt": "1" });
    const latin1 = await work.git("rev-parse", "HEAD:y.txt");
    await must(["git", "-C", work.dir, "update-index", "--add", "-z", "--index-info"], {
      input: Buffer.from(`100644 ${latin1}\tx/caf\u00e9\0`, "latin1"),
    });
    await work.commit("new", { "x/infra/a": "2", "x/infra/b": "2", "x/other": "2", "y.txt": "2" });
    await must(["git", "-C", work.dir, "update-index", "--add", "-z", "--index-info"], {
      input: Buffer.from(`100644 ${latin1}\tx/caf\u00e9\0`, "latin1"),
    });
    await work.git("commit", "-q", "-m", "latin1");
    await work.git("push", "-q", "origin", "main");
    const source = await open({ path: "x/infra" });
    const commit = await source.rollback({ to: old, branch: "main", message });
    const changed = await bare.git("diff-tree", "-r", "--name-status", `${commit}^`, commit);
    assert.deepEqual(changed.split("\n"), ["M\tx/infra/a", "D\tx/infra/b"]);
    await bare.git("fsck", "--strict");
  });

  it("is refused where the branch moved, or may not be pushed", async () => {
    await using shop = await Workshop.open();
    const { work, bare, open, git } = await shop.server();
    const { good, head } = await threeCommits(work);
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    const stale = source.rollback({ to: good, branch: "main", message, expectedHead: good });
    await assert.rejects(stale, trouble("moved", new RegExp(head.slice(0, 8))));
    await assert.rejects(
      source.rollback({ to: "1".repeat(40), branch: "main", message }),
      trouble("missing"),
    );

    // Somebody pushes between looking and pushing.
    let meddle: (() => Promise<unknown>) | undefined;
    const proxy = await relay(git.url, {
      answer: ({ url = "" }, outgoing) => {
        if (meddle === undefined || !url.includes("git-receive-pack")) return false;
        const act = meddle;
        meddle = undefined;
        void act().then(() => outgoing.writeHead(503).end());
        return true;
      },
    });
    shop.onClose(proxy.stop);
    const raced = await open({ repo: `${proxy.url}/infra.git` });
    await raced.head();
    meddle = async () => {
      await work.commit("in between", { "z.txt": "z" });
      await work.git("push", "-q", "origin", "main");
    };
    await assert.rejects(
      raced.rollback({ to: good, branch: "main", message }),
      trouble("moved", /moved in the meantime/),
    );
    meddle = () => Promise.resolve();
    const again = await raced.rollback({ to: good, branch: "main", message });
    assert.equal(await bare.head("main"), again, "once more where the server only stumbled");

    const hook = join(bare.dir, "hooks", "pre-receive");
    await writeFile(hook, "#!/bin/sh\necho 'main is protected' >&2\nexit 1\n");
    await chmod(hook, 0o755);
    await assert.rejects(
      source.rollback({ to: head, branch: "main", message }),
      trouble("denied", /hook declined.*main is protected/),
    );
  });
});

describe("rolling back in place", () => {
  it("moves the branch of a bare repository", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const { good, head } = await threeCommits(work);
    const bare = await shop.repo("bare.git", "--bare");
    await work.git("push", "-q", bare.dir, "main");
    const source = await shop.source({ repo: bare.dir });
    const commit = await source.rollback({ to: good, branch: "main", message });
    assert.equal(await bare.head("main"), commit);
    await isRollback(bare, commit, good, head);
    const other = await source.rollback({ to: head, branch: "proposal", message: "x" });
    assert.equal(await bare.head("proposal"), other);
    await assert.rejects(
      source.rollback({ to: head, branch: "proposal", message: "y" }),
      trouble("moved"),
    );
  });

  it("moves the files of a clone along, and pushes", async () => {
    await using shop = await Workshop.open();
    const { work, bare } = await shop.server();
    const { good, head } = await threeCommits(work);
    await work.git("push", "-q", "-u", "origin", "main");
    await work.write({ "untracked.txt": "stays" });
    const source = await shop.source({ repo: work.dir });
    const commit = await source.rollback({ to: good, branch: "main", message });
    await isRollback(work, commit, good, head);
    assert.equal(await work.head(), commit);
    assert.equal(await readFile(join(work.dir, "apps/a.yaml"), "utf8"), "a: 1\n");
    assert.equal(await work.git("status", "--porcelain"), "?? untracked.txt");
    assert.equal(await bare.head("main"), commit);
    assert.deepEqual(await source.upstreamState(), { state: "same", upstream: "origin/main" });
  });

  it("pushes nothing where an untracked file is in the way", async () => {
    await using shop = await Workshop.open();
    const { work, bare } = await shop.server();
    const good = await work.commit("good", { "apps/old.yaml": "a: 1\n", "b.txt": "b\n" });
    await work.git("rm", "-q", "apps/old.yaml");
    const head = await work.commit("bad", { "b.txt": "broken\n" });
    await work.git("push", "-q", "-u", "origin", "main");
    await work.write({ "apps/old.yaml": "mine\n" });
    const source = await shop.source({ repo: work.dir });
    const refused = source.rollback({ to: good, branch: "main", message });
    await assert.rejects(refused, trouble("moved", /nothing was changed, .*apps\/old\.yaml/));
    assert.deepEqual([await work.head(), await bare.head("main")], [head, head]);
    assert.equal(await readFile(join(work.dir, "apps/old.yaml"), "utf8"), "mine\n");
  });

  it("moves a branch that is not checked out without touching files", async () => {
    await using shop = await Workshop.open();
    const work = await shop.repo();
    const { good, head } = await threeCommits(work);
    await work.git("checkout", "-q", "-b", "feature");
    const source = await shop.source({ repo: work.dir });
    const commit = await source.rollback({ to: good, branch: "main", message });
    assert.equal(await work.head("main"), commit);
    await isRollback(work, commit, good, head);
    assert.equal(await work.head(), head);
    assert.equal(await work.git("status", "--porcelain"), "");
  });

  it("leaves a clone as it is where that is not clean, not up to date, or may not push", async () => {
    await using shop = await Workshop.open();
    const { work, bare, git } = await shop.server();
    const { good, head } = await threeCommits(work);
    await work.git("push", "-q", "-u", "origin", "main");
    const source = await shop.source({ repo: work.dir });
    const attempt = (): Promise<string> => source.rollback({ to: good, branch: "main", message });
    const unchanged = async (): Promise<void> => {
      assert.equal(await work.head(), head);
      assert.equal(await bare.head("main"), head);
    };

    await work.write({ "b.txt": "edited\n" });
    await assert.rejects(attempt(), trouble("moved", /not committed/));
    await unchanged();
    await work.git("checkout", "-q", "b.txt");

    await writeFile(join(bare.dir, "hooks", "pre-receive"), "#!/bin/sh\nexit 1\n");
    await chmod(join(bare.dir, "hooks", "pre-receive"), 0o755);
    await assert.rejects(attempt(), trouble("denied", /nothing was changed/));
    await unchanged();

    git.fault("500");
    await assert.rejects(attempt(), trouble("unreachable", /git fetch/));
    await unchanged();
    git.fault(undefined);

    const ahead = await work.commit("ahead");
    await assert.rejects(attempt(), trouble("moved", /ahead.*push or drop/));
    assert.equal(await work.head(), ahead);
    await work.git("reset", "-q", "--hard", "HEAD~2");
    await assert.rejects(attempt(), trouble("moved", /behind.*git pull/));
  });
});
