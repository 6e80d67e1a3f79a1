import assert from "node:assert/strict";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { type Forge, ForgeError } from "../../src/forges/forge.ts";
import { createGithub } from "../../src/forges/github.ts";
import { keepComment } from "../../src/forges/one-comment.ts";
import { type GithubDouble, startGithub } from "../support/github.ts";

const head = (digit: string): string => digit.repeat(40);
const marker = "<!-- slipway plan acme -->";
const plan = (text: string) => ({ marker, body: `${marker}\n${text}\n` });

describe("pull requests on GitHub", () => {
  const doubles: GithubDouble[] = [];
  let github: GithubDouble;
  beforeEach(async () => {
    github = await open();
  });
  afterEach(() => assert.deepEqual(github.violations, []));
  after(async () => {
    await Promise.all(doubles.map((double) => double.close()));
  });

  const open = async (isApp = false): Promise<GithubDouble> => {
    const double = await startGithub({ isApp });
    doubles.push(double);
    return double;
  };
  const forgeAt = ({ api, repository, token }: GithubDouble): Forge =>
    createGithub({ api, repository, token });
  const bodies = (issue = 7): readonly string[] =>
    github.comments(issue).map(({ body, user }) => `${user.login}: ${body.split("\n")[1] ?? body}`);

  test("those against the branch, the last one touched first, and whether they are forks", async () => {
    github.addPull(1, head("1"));
    github.addPull(2, head("2"), { fork: "mallory/infra" });
    github.addPull(3, head("3"), { base: "release" });
    github.addPull(4, head("4"));
    github.addPull(1, head("5"));
    assert.deepEqual(await forgeAt(github).pulls("main"), [
      { number: 1, head: head("5"), isFork: false, mergeRef: "refs/pull/1/merge" },
      { number: 4, head: head("4"), isFork: false, mergeRef: "refs/pull/4/merge" },
      { number: 2, head: head("2"), isFork: true, mergeRef: "refs/pull/2/merge" },
    ]);
  });

  test("a fork that was deleted is still one", async () => {
    const answer = [{ number: 9, head: { sha: head("9"), repo: null }, base: { repo: { id: 1 } } }];
    const { api, repository, token } = github;
    const answering = () => Promise.resolve(Response.json(answer));
    const forge = createGithub({ api, repository, token, fetch: answering });
    assert.deepEqual(await forge.pulls("main"), [
      { number: 9, head: head("9"), isFork: true, mergeRef: "refs/pull/9/merge" },
    ]);
  });

  test("what has not changed is answered without being sent again; what has is seen", async () => {
    const forge = forgeAt(github);
    github.addPull(1, head("1"));
    const first = await forge.pulls("main");
    assert.equal(await forge.pulls("main"), first, "the same answer, by its tag");
    github.addPull(1, head("2"));
    assert.deepEqual(
      (await forge.pulls("main")).map((p) => p.head),
      [head("2")],
    );
    github.closePull(1);
    assert.deepEqual(await forge.pulls("main"), []);
    assert.deepEqual(await forge.pulls("other"), [], "another branch has another tag");
    assert.equal(github.requests.length, 5);
  });

  test("one comment, written once, then kept up in place, and left alone where it says so", async () => {
    github.addPull(7, head("7"));
    github.addComment(7, "looks good");
    const forge = forgeAt(github);
    await keepComment(forge, 7, plan("one"));
    await keepComment(forge, 7, plan("two"));
    const before = github.requests.length;
    await keepComment(forgeAt(github), 7, plan("two"));
    assert.deepEqual(bodies(), ["mallory: looks good", "deployer: two"]);
    const since = github.requests.slice(before);
    assert.deepEqual(
      since.filter((request) => !request.startsWith("GET")),
      [],
    );
  });

  test("who writes our marker is not taken for us", async () => {
    github.addPull(7, head("7"));
    github.addComment(7, plan("nothing to see").body);
    await keepComment(forgeAt(github), 7, plan("one"));
    assert.deepEqual(bodies(), ["mallory: nothing to see", "deployer: one"]);
  });

  test("nor is a comment of ours that only quotes it", async () => {
    github.addPull(7, head("7"));
    const quoting = {
      marker: "<!-- slipway plan other -->",
      body: `<!-- slipway plan other -->\nother ${marker}`,
    };
    await keepComment(forgeAt(github), 7, quoting);
    await keepComment(forgeAt(github), 7, plan("one"));
    assert.deepEqual(bodies(), [`deployer: other ${marker}`, "deployer: one"]);
  });

  test("an app's token, which may not ask who it is, finds the bot's", async () => {
    github = await open(true);
    github.addPull(7, head("7"));
    github.addComment(7, plan("nothing to see").body);
    await keepComment(forgeAt(github), 7, plan("one"));
    await keepComment(forgeAt(github), 7, plan("two"));
    assert.deepEqual(bodies(), ["mallory: nothing to see", "slipway[bot]: two"]);
  });

  test("found behind hundreds of others; where there are too many to look, none is added", async () => {
    github.addPull(7, head("7"));
    for (let i = 0; i < 250; i += 1) github.addComment(7, `talk ${i}`);
    await keepComment(forgeAt(github), 7, plan("one"));
    await keepComment(forgeAt(github), 7, plan("two"));
    assert.equal(bodies().at(-1), "deployer: two");
    assert.equal(bodies().length, 251);
    for (let i = 0; i < 750; i += 1) github.addComment(7, `talk ${i}`);
    await assert.rejects(keepComment(forgeAt(github), 7, plan("three")), {
      trouble: "refused",
    });
  });

  test("one that goes while it is edited is written anew", async () => {
    github.addPull(7, head("7"));
    const forge = forgeAt(github);
    await keepComment(forge, 7, plan("one"));
    const comments = await forge.comments(7);
    const [own] = github.comments(7);
    github.deleteComment(own?.id ?? 0);
    await keepComment({ ...forge, comments: () => Promise.resolve(comments) }, 7, plan("two"));
    assert.deepEqual(bodies(), ["deployer: two"]);
  });

  test("trouble is told by its kind", async () => {
    const forge = forgeAt(github);
    await assert.rejects(forge.comments(8), { trouble: "missing" });
    await assert.rejects(forge.comment(8, "x".repeat(70_000)), { trouble: "missing" });
    github.addPull(8, head("8"));
    await assert.rejects(forge.comment(8, "x".repeat(70_000)), { trouble: "refused" });
    github.fail({ kind: "status", status: 429, headers: { "retry-after": "7" } });
    await assert.rejects(forge.pulls("main"), (error: unknown) => {
      assert.ok(error instanceof ForgeError);
      assert.deepEqual([error.trouble, error.retryAfterMs], ["limited", 7000]);
      return true;
    });
    github.fail({ kind: "garbage" });
    await assert.rejects(forge.pulls("main"), { trouble: "unavailable" });
  });
});
