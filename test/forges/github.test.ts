import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, suite, test } from "node:test";
import { type CommitStatus, ForgeError, type ForgeTrouble } from "../../src/forges/forge.ts";
import { createGithub } from "../../src/forges/github.ts";
import { type Fault, type GithubDouble, startGithub } from "../support/github.ts";

const sha = "a".repeat(40);
const success: CommitStatus = {
  revision: sha,
  context: "slipway/acme",
  state: "success",
  description: "shop healthy on web-1",
  targetUrl: "https://runs.example.com/1",
};

suite("GitHub", () => {
  let github: GithubDouble;
  before(async () => {
    github = await startGithub({ commits: [sha] });
  });
  after(async () => {
    await github.close();
    assert.deepEqual(github.violations, []);
  });
  let commit: string;
  let commits = 0;
  beforeEach(() => {
    commit = (++commits).toString(16).padStart(40, "0");
    github.addCommit(commit);
  });

  const forge = (
    change: { token?: string; repository?: string; timeoutMs?: number; api?: string } = {},
  ) =>
    createGithub({
      repository: github.repository,
      api: github.api,
      token: github.token,
      now: () => 1_000_000,
      ...change,
    });

  test("what was posted is listed, the newest of each context", async () => {
    await forge().post({
      ...success,
      revision: commit,
      state: "pending",
      description: "deploying",
    });
    await forge().post({ ...success, revision: commit });
    await forge().post({
      ...success,
      revision: commit,
      context: "slipway/acme/shop",
      state: "failure",
    });
    const listed = await forge().list(commit);
    assert.deepEqual(listed, [
      { ...success, revision: commit },
      { ...success, revision: commit, context: "slipway/acme/shop", state: "failure" },
    ]);
  });

  test("more contexts than a page holds are read to the end", async () => {
    const contexts = Array.from({ length: 205 }, (_, i) => `slipway/acme/app-${i}`);
    for (const context of contexts) await forge().post({ ...success, revision: commit, context });
    const listed = await forge().list(commit);
    assert.deepEqual(new Set(listed.map((s) => s.context)), new Set(contexts));
  });

  test("what fits is taken, whatever was in it", async () => {
    const hostile = forge().fit({
      ...success,
      revision: commit,
      description: `\u001b[31m${"word ".repeat(60)}\u0000`,
      context: "c".repeat(300),
      targetUrl: "javascript:alert(1)",
    });
    await forge().post(hostile);
    const [said] = await forge().list(commit);
    assert.equal(said?.description, hostile.description);
    assert.ok(hostile.description.length <= 140);
    assert.match(hostile.description, /^word .*word…$/);
    assert.equal(said?.targetUrl, undefined);
  });

  const refusals: readonly [
    string,
    ForgeTrouble,
    Fault | undefined,
    Parameters<typeof forge>[0],
    Partial<CommitStatus>,
  ][] = [
    ["a wrong token", "denied", undefined, { token: "ghp_other" }, {}],
    ["an unknown repository", "missing", undefined, { repository: "acme/other" }, {}],
    ["an unknown commit", "missing", undefined, {}, { revision: "f".repeat(40) }],
    ["a description that is too long", "refused", undefined, {}, { description: "x".repeat(141) }],
    ["a state there is not", "refused", undefined, {}, { state: "green" as "success" }],
    ["500", "unavailable", { kind: "status", status: 500 }, {}, {}],
    ["502 without JSON", "unavailable", { kind: "status", status: 502, body: "<html>" }, {}, {}],
    ["200 that is no answer", "unavailable", { kind: "garbage" }, {}, {}],
    ["a cut connection", "unavailable", { kind: "dropped-before" }, {}, {}],
    ["no answer in time", "unavailable", { kind: "hang" }, { timeoutMs: 2_000 }, {}],
    [
      "403 without a limit",
      "denied",
      { kind: "status", status: 403, body: { message: "Resource not accessible" } },
      {},
      {},
    ],
    [
      "a redirect to another host",
      "denied",
      { kind: "status", status: 307, headers: { location: "https://evil.example/" } },
      {},
      {},
    ],
    ["endless redirects", "unavailable", undefined, { api: "loop" }, {}],
  ];
  for (const [name, trouble, fault, options, change] of refusals) {
    test(`${name} is ${trouble}`, async () => {
      if (options?.api === "loop") {
        const loop = createServer((request, response) =>
          response.writeHead(301, { location: request.url ?? "/" }).end(),
        );
        await new Promise<void>((resolve) => loop.listen(0, "127.0.0.1", resolve));
        const api = `http://127.0.0.1:${(loop.address() as AddressInfo).port}`;
        await assert.rejects(
          forge({ api }).post({ ...success, revision: commit }),
          isTrouble(trouble),
        );
        loop.closeAllConnections();
        loop.close();
        return;
      }
      if (fault !== undefined) github.fail(fault);
      await assert.rejects(
        forge(options).post({ ...success, revision: commit, ...change }),
        isTrouble(trouble),
      );
    });
  }

  const limitsSaid: readonly [string, number, Record<string, string>, string, number][] = [
    ["retry-after", 403, { "retry-after": "30" }, "secondary rate limit", 30_000],
    ["retry-after with 503", 503, { "retry-after": "7" }, "maintenance", 7000],
    [
      "the reset of the hour",
      403,
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1300" },
      "API rate limit exceeded",
      300_000,
    ],
    [
      "a reset in the past",
      429,
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "900" },
      "API rate limit exceeded",
      1000,
    ],
    ["no time at all", 403, {}, "You have exceeded a secondary rate limit", 60_000],
    ["a year", 429, { "retry-after": "31536000" }, "come back later", 65 * 60_000],
  ];
  for (const [name, status, headers, message, waitMs] of limitsSaid) {
    test(`a limit that says ${name} is waited for ${waitMs / 1000} s`, async () => {
      github.fail({ kind: "status", status, headers, body: { message } });
      await assert.rejects(forge().list(commit), (error: unknown) => {
        assert.ok(error instanceof ForgeError);
        assert.equal(error.trouble, "limited");
        assert.equal(error.retryAfterMs, waitMs);
        return true;
      });
    });
  }

  test("the thousandth-and-first status of a context is refused", async () => {
    for (let i = 0; i < 1000; i++) await forge().post({ ...success, revision: commit });
    await assert.rejects(forge().post({ ...success, revision: commit }), isTrouble("refused"));
  });

  test("a renamed repository is followed, with the same method, on the same host only", async () => {
    const moved = `${github.api}/repos/${github.repository}/statuses/${commit}`;
    github.fail({ kind: "status", status: 301, headers: { location: moved } });
    await forge({ repository: "acme/old-name" }).post({ ...success, revision: commit });
    assert.equal(github.statuses(commit).length, 1);
  });

  test("no token in any error", async () => {
    const token = "ghp_s3cret";
    github.fail({ kind: "status", status: 403, body: { message: `bad token ${token}` } });
    await assert.rejects(
      forge({ token }).list(commit),
      (e: unknown) => !everything(e).includes(token),
    );
    await assert.rejects(
      forge({ token, api: "http://127.0.0.1:1" }).list(commit),
      (e: unknown) => !everything(e).includes(token),
    );
    assert.throws(
      () => forge({ token: `${token}\n` }),
      (e: unknown) => isTrouble("denied")(e) && !everything(e).includes(token),
    );
  });

  test("an aborted request rejects with the signal's reason", async () => {
    const controller = new AbortController();
    github.fail({ kind: "hang" });
    const asked = forge().list(commit, controller.signal);
    controller.abort(new Error("shutting down"));
    await assert.rejects(asked, /shutting down/);
  });
});

function isTrouble(trouble: ForgeTrouble): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ForgeError, String(error));
    assert.equal(error.trouble, trouble, error.message);
    return true;
  };
}

const everything = (error: unknown): string =>
  error instanceof Error
    ? `${error.message} ${error.stack ?? ""} ${JSON.stringify(error)} ${everything(error.cause)}`
    : String(error);
