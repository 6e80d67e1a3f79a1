import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { relay } from "./relay.ts";
import { textOf, trouble, Workshop } from "./workshop.ts";

describe("a repository over HTTP", () => {
  it("is polled with one request, and only what changed is fetched", async () => {
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
    const pushed = git.requests.length;
    assert.equal(await source.head(), second);
    const snapshot = await source.snapshot(second);
    assert.equal(git.requests.length - pushed, 3, "a listing and a fetch of two requests");
    assert.equal(await textOf(snapshot, "apps/a.yaml"), "a: 2\n");
    assert.equal(await textOf(await source.snapshot(first), "apps/a.yaml"), "a: 1\n");
    assert.equal(git.requests.length - pushed, 3, "what is at hand is not asked for");
  });

  it("starts with what is kept from the last run", async () => {
    await using shop = await Workshop.open();
    const { work, open, git } = await shop.server();
    const head = await work.commit("one");
    await work.git("push", "-q", "origin", "main");
    const former = await open();
    await former.snapshot();
    await former.close();
    const before = git.requests.length;
    const source = await open();
    assert.equal((await source.snapshot()).revision, head);
    assert.equal(git.requests.length - before, 1);
  });

  it("gives any commit of its history, fetched when asked for", async () => {
    await using shop = await Workshop.open();
    const { work, open } = await shop.server();
    const old = await work.commit("old", { "a.txt": "old\n" });
    await work.history(120);
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    await source.head();
    assert.equal(await textOf(await source.snapshot(old), "a.txt"), "old\n");
    assert.equal((await source.commit(old)).message, "old\n");
    await assert.rejects(source.commit("0".repeat(39) + "1"), trouble("missing", /0001/));
  });

  it("is read through the old protocol where the new one is not spoken", async () => {
    await using shop = await Workshop.open();
    const { work, open, git } = await shop.server();
    const head = await work.commit("one", { "a.txt": "x" });
    await work.git("tag", "-a", "v1", "-m", "v1");
    await work.git("push", "-q", "origin", "main", "v1");
    const proxy = await relay(git.url, { withhold: ["git-protocol"] });
    shop.onClose(proxy.stop);
    const source = await open({ repo: `${proxy.url}/infra.git` });
    assert.equal(await source.head(), head);
    assert.equal(await textOf(await source.snapshot(), "a.txt"), "x");
    assert.equal(await source.resolve("v1"), head);
    const before = git.requests.length;
    await source.head();
    assert.deepEqual(git.requests.slice(before), [
      "GET /infra.git/info/refs?service=git-upload-pack",
    ]);
  });

  it("takes user and token from the URL, and shows neither", async () => {
    await using shop = await Workshop.open();
    const { work, git } = await shop.server();
    await work.commit("one");
    await work.git("push", "-q", "origin", "main");
    const source = await shop.source({ repo: git.loginUrl("infra") });
    await source.head();
    const wrong = await shop.source({
      repo: git.loginUrl("infra").replace(git.token, "s3cr3t"),
    });
    await assert.rejects(wrong.head(), (error: unknown) => {
      assert.doesNotMatch(String(error), /s3cr3t/);
      return trouble("denied", /401/)(error);
    });
  });
});

describe("trouble with the server", () => {
  it("is told by what happens next", async () => {
    await using shop = await Workshop.open();
    const { work, open, git, url } = await shop.server();
    await assert.rejects((await open()).head(), trouble("missing", /no branch main/));
    await work.commit("one");
    await work.git("push", "-q", "origin", "main");
    await assert.rejects((await open({ branch: "nope" })).head(), trouble("missing", /nope/));
    await assert.rejects((await open({ token: "wrong" })).head(), trouble("denied", /401/));
    await assert.rejects((await open({ repo: `${url}x` })).head(), trouble("missing", /404/));
    const source = await open();
    git.fault("500");
    await assert.rejects(source.head(), trouble("unreachable", /HTTP 500/));
    git.fault("hang");
    const impatient = await open({ timeoutMs: 150 });
    await assert.rejects(impatient.head(), trouble("unreachable", /0\.2 s/));
    git.fault(undefined);
    await source.head();
    const nobody = await open({ repo: "http://127.0.0.1:1/infra.git" });
    await assert.rejects(nobody.head(), trouble("unreachable"));
  });

  it("leaves what is kept usable", async () => {
    await using shop = await Workshop.open();
    const { work, open, git } = await shop.server();
    const head = await work.commit("one", { "a.txt": "kept" });
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    await source.head();
    await source.snapshot(head);
    git.fault("500");
    await assert.rejects(source.head(), trouble("unreachable"));
    assert.equal(await textOf(await source.snapshot(head), "a.txt"), "kept");
  });

  it("ends an answer that is too large, or stops in the middle, and then starts again", async () => {
    await using shop = await Workshop.open();
    const { work, open, git } = await shop.server();
    const noise = randomBytes(300_000).toString("base64");
    const head = await work.commit("one", { "a.txt": "a", "noise.txt": noise });
    await work.git("push", "-q", "origin", "main");
    const small = await open({ maxPackBytes: 100_000 });
    await assert.rejects(small.head(), trouble("too-large", /100000/));
    await small.close();

    const proxy = await relay(git.url, { cutAfter: 50_000 });
    shop.onClose(proxy.stop);
    const cut = await open({ repo: `${proxy.url}/infra.git` });
    await assert.rejects(cut.head(), trouble("unreachable"));
    await assert.rejects(cut.snapshot(head), trouble("unreachable"));
    const source = await open();
    assert.equal(await source.head(), head);
    assert.equal(await textOf(await source.snapshot(), "noise.txt"), noise);
  });

  it("keeps the old state when a fetch stops in the middle", async () => {
    await using shop = await Workshop.open();
    const { work, open, git } = await shop.server();
    const first = await work.commit("one", { "a.txt": "1" });
    await work.git("push", "-q", "origin", "main");
    let limit = Number.POSITIVE_INFINITY;
    const proxy = await relay(git.url, {
      get cutAfter() {
        return limit;
      },
    });
    shop.onClose(proxy.stop);
    const source = await open({ repo: `${proxy.url}/infra.git` });
    await source.head();
    const second = await work.commit("two", { "b.txt": randomBytes(200_000).toString("hex") });
    await work.git("push", "-q", "origin", "main");
    limit = 20_000;
    await assert.rejects(source.head(), trouble("unreachable"));
    await assert.rejects(source.head(), trouble("unreachable"));
    assert.equal(await textOf(await source.snapshot(first), "a.txt"), "1");
    limit = Number.POSITIVE_INFINITY;
    assert.equal(await source.head(), second);
    assert.equal((await source.recent(5)).length, 2);
  });

  it("sends the login to no other host, and follows to the same one", async () => {
    await using shop = await Workshop.open();
    const { work, open, git } = await shop.server();
    const head = await work.commit("one");
    await work.git("push", "-q", "origin", "main");
    const elsewhere = await relay(git.url, {});
    shop.onClose(elsewhere.stop);
    const proxy = await relay(git.url, {
      answer: ({ url = "" }, outgoing) => {
        const to = url.startsWith("/away") ? `${elsewhere.url}${url.slice(5)}` : url.slice(6);
        if (!url.startsWith("/away") && !url.startsWith("/moved")) return false;
        outgoing.writeHead(301, { location: to }).end();
        return true;
      },
    });
    shop.onClose(proxy.stop);
    const away = await open({ repo: `${proxy.url}/away/infra.git` });
    await assert.rejects(away.head(), trouble("denied", /redirects to http:\/\/127/));
    assert.deepEqual(elsewhere.logins, []);
    const moved = await open({ repo: `${proxy.url}/moved/infra.git` });
    assert.equal(await moved.head(), head);
    assert.equal((await moved.snapshot()).revision, head);
  });

  it("says so where there is no git", async () => {
    await using shop = await Workshop.open();
    const site = await relay("http://127.0.0.1:1", {
      answer: (_, outgoing) => {
        outgoing.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in</h1>");
        return true;
      },
    });
    shop.onClose(site.stop);
    const source = await shop.source({ repo: `${site.url}/infra` });
    await assert.rejects(source.head(), trouble("unsupported", /not that of a git server/));
  });
});

describe("a SHA-256 repository", () => {
  it("is refused", async () => {
    await using shop = await Workshop.open();
    const { git, open } = await shop.server();
    const bare = await shop.repo("git/sha256.git", "--bare", "--object-format=sha256");
    const tree = await bare.git("hash-object", "-w", "-t", "tree", "/dev/null");
    await bare.git("update-ref", "refs/heads/main", await bare.git("commit-tree", "-m", "x", tree));
    const source = await open({ repo: git.repoUrl("sha256") });
    await assert.rejects(source.head(), trouble("unsupported", /SHA-256/));
  });
});

describe("rewritten history", () => {
  it("is refused until it is allowed", async () => {
    await using shop = await Workshop.open();
    const { work, open } = await shop.server();
    await work.commit("base");
    const seen = await work.commit("seen", { "a.txt": "seen" });
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    await source.head();
    await work.git("reset", "-q", "--hard", "HEAD~1");
    const rewritten = await work.commit("rewritten", { "a.txt": "rewritten" });
    await work.git("push", "-qf", "origin", "main");
    await assert.rejects(source.head(), trouble("rewritten", new RegExp(seen.slice(0, 8))));
    await assert.rejects(source.head(), trouble("rewritten"), "also when asked again");
    await source.close();
    const restarted = await open();
    await assert.rejects(restarted.head(), trouble("rewritten"), "and by another process");
    await restarted.close();
    const allowing = await open({ allowRewrite: true });
    assert.equal(await allowing.head(), rewritten);
    assert.equal(await textOf(await allowing.snapshot(), "a.txt"), "rewritten");
    await allowing.close();
    assert.equal(await (await open()).head(), rewritten, "once is enough");
  });

  it("is also a branch that went back", async () => {
    await using shop = await Workshop.open();
    const { work, open } = await shop.server();
    await work.history(70);
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    const head = await source.head();
    await work.git("push", "-qf", "origin", "main~60:main");
    await assert.rejects(source.head(), trouble("rewritten"));
    await work.git("push", "-qf", "origin", "main:main");
    assert.equal(await source.head(), head, "until it is where it was");
  });

  it("is not what many commits at once are", async () => {
    await using shop = await Workshop.open();
    const { work, open } = await shop.server();
    await work.commit("one");
    await work.git("push", "-q", "origin", "main");
    const source = await open();
    await source.head();
    await work.history(620);
    await work.git("push", "-q", "origin", "main");
    assert.equal(await source.head(), await work.head());
  });
});
