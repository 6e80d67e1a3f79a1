import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { cliEnv } from "../../support/cli-env.ts";
import { until } from "../../fleet/wait.ts";
import { startGithub, type GithubDouble } from "../../support/github.ts";
import { makeInfra, type Files, type Infra } from "../../support/infra.ts";

const bin = new URL("../../../bin/slipway", import.meta.url).pathname;
const context = "slipway/acme/plan";

/** What a daemon says of open pull requests, where no machine is needed for it. */
describe("slipway run on pull requests", () => {
  let dir: string;
  let infra: Infra;
  let github: GithubDouble;
  let daemon: ChildProcess;
  let said = "";

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "slipway-pulls-"));
    infra = await makeInfra();
    github = await startGithub();
    const main = await infra.commit("Start", {
      "slipway.yaml": `fleet: acme\nforge: { kind: github, repository: acme/infra, api: "${github.api}" }\n`,
    });
    github.addCommit(main);
    daemon = start();
  });
  after(async () => {
    await stop();
    await Promise.all([infra.close(), github.close(), rm(dir, { recursive: true, force: true })]);
    assert.deepEqual(github.violations, []);
    assert(!said.includes(github.token));
  });

  const start = (): ChildProcess => {
    const child = spawn(bin, ["run", "--interval", "500ms"], {
      env: { ...cliEnv(dir, infra.repo), SLIPWAY_FORGE_TOKEN: github.token },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    return child;
  };
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => daemon.once("close", resolve));
    if (daemon.kill("SIGTERM")) await ended;
  };

  /** A pull request of one commit on top of the branch, or of another commit. */
  const open = async (
    number: number,
    files: Files,
    more: { fork?: string; onto?: string; message?: string } = {},
  ): Promise<string> => {
    await infra.git("checkout", "-q", "--detach", more.onto ?? "main");
    const head = await infra.commit(more.message ?? `Change ${number}`, files);
    await infra.git("checkout", "-q", "main");
    github.addCommit(head);
    github.addPull(number, head, more.fork === undefined ? {} : { fork: more.fork });
    return head;
  };
  const lights = (head: string): readonly string[] =>
    github
      .statuses(head)
      .filter((s) => s.context === context)
      .map((s) => `${s.state}: ${s.description ?? ""}`);
  const light = async (head: string, wanted: RegExp): Promise<string> =>
    await until(`${String(wanted)} on ${head.slice(0, 8)}`, () => {
      const last = lights(head).at(-1);
      return Promise.resolve(last !== undefined && wanted.test(last) ? last : undefined);
    });
  const comment = async (number: number, wanted: RegExp): Promise<string> =>
    await until(`a comment on #${number} with ${String(wanted)}`, () => {
      const body = github.comments(number).at(-1)?.body;
      return Promise.resolve(body !== undefined && wanted.test(body) ? body : undefined);
    });
  /** Two questions for what is open, begun after this, have been answered and dealt with. */
  const polls = async (): Promise<void> => {
    const count = () => github.requests.filter((r) => r.endsWith("/pulls")).length;
    const now = count();
    await until("two polls", () => Promise.resolve(count() >= now + 3 || undefined));
  };

  it("what it comes to, once; the plan as one comment", async () => {
    const head = await open(1, { "README.md": "hello\n" });
    await light(head, /^success: no changes$/);
    // What is planned at once may have nothing pending to tell.
    const before = lights(head).slice(0, -1);
    assert.ok(before.every((said) => said === "pending: planning") && before.length <= 1);
    const body = await comment(1, /### Slipway: nothing to do/);
    assert.match(body, new RegExp(`For ${head}, as merged into \`main\``));
    assert.match(body, /^<!-- slipway plan acme -->\n/);
  });

  it("red with the first finding, all of them in the comment", async () => {
    const head = await open(2, {
      "slipway.yaml": "fleet: acme\nflet: b\n",
      "apps/shop.yaml": "imagee: x\n",
    });
    await light(head, /^failure: apps\/shop\.yaml:1:1: app 'shop' must say on which machines/);
    const body = await comment(2, /### Slipway: rejected/);
    assert.match(body, /<summary>3 findings<.*\n\n```text\n.*imagee.*\nslipway\.yaml:2:1: .*flet/s);
  });

  it("a new head is looked at, and its plan takes the place of the old one", async () => {
    const head = await open(2, { "README.md": "mended\n" });
    await light(head, /^success: no changes$/);
    await comment(2, /nothing to do/);
    assert.equal(github.comments(2).length, 1);
  });
  it("as if merged: with what the branch got meanwhile, and told where both changed the same", async () => {
    const onto = await infra.git("rev-parse", "main");
    const head = await open(3, { "notes.txt": "x\n", "README.md": "mine\n" }, { onto });
    await light(head, /^(?:failure|success): /);
    const main = await infra.commit("Meanwhile", { "README.md": "ours\n" });
    github.addCommit(main);
    await light(head, /^failure: main changes the same: README\.md; merge it into this branch/);
    assert.match(
      await comment(3, /has changed the same/),
      /<summary>1 file<.*\n\n```text\nREADME\.md\n/,
    );
    github.closePull(3);
  });

  it("nothing is said again while nothing is new, nor by the next daemon", async () => {
    await polls();
    const writes = (): readonly string[] => github.requests.filter((r) => !r.startsWith("GET"));
    const before = writes().length;
    await polls();
    assert.equal(writes().length, before);
    await stop();
    daemon = start();
    await polls();
    assert.deepEqual(writes().slice(before), []);
  });

  it("a fork is not read; the same commit in a branch of the repository is", async () => {
    const head = await open(4, { "README.md": "from outside\n" }, { fork: "mallory/infra" });
    await light(head, /^error: from a fork, so nothing of it was read/);
    assert.deepEqual(github.comments(4), []);
    github.addPull(5, head);
    await light(head, /^success: no changes$/);
    await comment(5, /nothing to do/);
  });

  it("a fleet by another name is not asked for", async () => {
    const settings = `fleet: other\nforge: { kind: github, repository: mallory/x, api: "http://127.0.0.1:1" }\n`;
    const head = await open(6, { "slipway.yaml": settings });
    await light(head, /^failure: renames the fleet acme to other/);
  });

  it("a commit that cannot be had is trouble, told as that, and no other's", async () => {
    const gone = "e".repeat(40);
    github.addCommit(gone);
    github.addPull(7, gone);
    await light(gone, /^error: its commits cannot be had from the repository/);
    const head = await open(8, { "README.md": "after that\n" });
    await light(head, /^success: /);
  });

  it("a forge in trouble holds no deploy up, and is told later", async () => {
    for (let i = 0; i < 6; i += 1) github.fail({ kind: "status", status: 500 }, "GET");
    const main = await infra.commit("Deploy", { "words.txt": "x\n" });
    github.addCommit(main);
    await until("its note", async () => {
      const note = await infra.git("notes", "--ref=slipway", "show", main).catch(() => undefined);
      return note?.includes('"applied"') === true ? true : undefined;
    });
    const head = await open(9, { "README.md": "later\n" });
    await light(head, /^success: no changes$/);
  });

  it("a token that may not comment says the statuses all the same", async () => {
    await comment(9, /nothing to do/);
    github.fail(
      { kind: "status", status: 403, body: { message: "Resource not accessible" } },
      "PATCH",
    );
    const head = await open(9, { "README.md": "later still\n" });
    await light(head, /^success: no changes$/);
    await until("it is told", () =>
      Promise.resolve(/no comment on #\d: .*not accessible/.test(said) || undefined),
    );
  });
});
