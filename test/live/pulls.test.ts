import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { after, before, describe, test } from "node:test";
import { close, listen } from "../fleet/listen.ts";
import { until } from "../fleet/wait.ts";
import { startGithub, type GithubDouble } from "../support/github.ts";
import { openStage, type Daemon, type Stage } from "../support/stage.ts";
import { settingsFile, type Files } from "../support/infra.ts";

/** Pull requests on a real git server, where their heads stand in no branch, and what machines are asked for them. */
describe("plans of pull requests", () => {
  let stage: Stage;
  let github: GithubDouble;
  let daemon: Daemon;
  /** A server that no machine file of the branch names. */
  let stranger: Server;
  let calls = 0;
  let strangerAt: string;
  let main: string;
  let pulls = 0;

  const image = (tag: string): string => `${stage.fleet.registry?.address ?? ""}/shop:${tag}`;
  const app = (tag: string, more = ""): string => `
image: ${image(tag)}
machines: all
port: 8080
health: { http: /up, interval: 100ms, deadline: 60s }
deploy: { stopTimeout: 1s }
${more}`;

  before(async () => {
    stage = await openStage({ machines: ["web-1"] });
    github = await startGithub();
    await stage.fleet.images?.push("shop", "1");
    await stage.fleet.images?.push("shop", "2");
    stranger = createServer();
    stranger.on("connection", () => (calls += 1));
    const { hostname } = new URL(stage.repoUrl);
    await listen(stranger, hostname, 0);
    const address = stranger.address();
    assert.ok(typeof address === "object" && address !== null);
    strangerAt = `address: ${hostname}\nssh: { port: ${address.port} }\n`;
    const forge = `forge: { kind: github, repository: ${github.repository}, api: "${github.api}" }\n`;
    main = await commit("Shop 1", {
      "slipway.yaml": `${settingsFile("acme")}${forge}`,
      "machines/web-1.yaml": stage.machineFile("web-1"),
      "apps/shop.yaml": app("1"),
      "apps/side.yaml": app("1"),
    });
    daemon = await stage.daemon({
      argv: ["--accept-new-host-keys"],
      env: { SLIPWAY_FORGE_TOKEN: github.token },
    });
    await stage.outcome(main, "applied");
  });

  after(async () => {
    await daemon?.stop();
    assert.deepEqual(github?.violations, []);
    await github?.close();
    if (stranger !== undefined) await close(stranger);
    await stage?.close();
  });

  const commit = async (message: string, files: Files): Promise<string> => {
    const revision = await stage.commit(message, files);
    github.addCommit(revision);
    return revision;
  };

  /** A commit on top of the branch (and of another one), which only `refs/pull/N/head` names. */
  const open = async (
    files: Files,
    message = "A change",
    first?: Files,
  ): Promise<{ readonly number: number; readonly head: string }> => {
    const number = (pulls += 1);
    const refspec = `HEAD:refs/pull/${number}/head`;
    await stage.git("checkout", "-q", "-B", "change", "main");
    if (first !== undefined) await stage.commit("First", first, refspec);
    const head = await stage.commit(message, files, refspec);
    await stage.git("checkout", "-q", "main");
    github.addCommit(head);
    github.addPull(number, head);
    return { number, head };
  };

  const ended = async (head: string): Promise<string> =>
    await until(`a plan of ${head.slice(0, 8)}`, () => {
      const last = github.statuses(head).findLast((s) => s.context === "slipway/acme/plan");
      const text = `${last?.state ?? ""}: ${last?.description ?? ""}`;
      return Promise.resolve(/^(?:success|failure|error): /.test(text) ? text : undefined);
    });
  const comment = async (number: number): Promise<string> =>
    await until(`a comment on #${number}`, () =>
      Promise.resolve(github.comments(number).at(-1)?.body),
    );
  const running = async (): Promise<string> =>
    (await stage.fleet.machine("web-1").exec(["docker", "ps", "-aq", "--no-trunc"])).stdout;

  test("a new image is planned and not put anywhere", async () => {
    const before = await running();
    const { number, head } = await open({ "apps/shop.yaml": app("2") });
    assert.match(await ended(head), /^success: \d changes?: .*1 to replace/);
    const body = await comment(number);
    assert.match(body, /app shop/);
    assert.match(body, new RegExp(`For ${head}, as merged into`));
    assert.equal(await running(), before);
  });

  test("a machine that is new, or reached in another way, is not asked before it is merged", async () => {
    const added = await open({ "machines/web-2.yaml": strangerAt });
    assert.match(await ended(added.head), /^success: .*web-2: asked once it is merged$/);
    assert.match(await comment(added.number), /web-2: .*a new machine/);
    const moved = await open({ "machines/web-1.yaml": strangerAt });
    assert.match(await ended(moved.head), /^success: no changes; web-1: asked once it is merged$/);
    const behind = await open({
      "machines/gate.yaml": strangerAt,
      "machines/web-1.yaml": stage.machineFile("web-1", "ssh: { jump: gate }\n"),
    });
    assert.match(await ended(behind.head), /asked once it is merged$/);
    const emptied = await open(
      { "machines/web-9.yaml": undefined },
      "Away\n\nSlipway-Allow: delete machine/web-9",
      { "machines/web-9.yaml": strangerAt },
    );
    await ended(emptied.head);
    assert.equal(calls, 0, "nobody called there");
    assert.equal((await stage.slipway(["plan", "--exit-code"])).code, 0);
  });

  test("no engine is made to ask a registry that the branch does not use", async () => {
    const name = `${new URL(stage.repoUrl).hostname}:${/port: (\d+)/.exec(strangerAt)?.[1] ?? ""}`;
    const { head, number } = await open({
      "apps/other.yaml": `image: ${name}/other:1\nmachines: all\n`,
    });
    assert.match(await ended(head), /^success: .*app\/other: asked once it is merged$/);
    assert.match(await comment(number), /no app has one from/);
    assert.equal(calls, 0);
  });

  test("what a guard would hold is red until a commit allows it", async () => {
    const both = { "apps/shop.yaml": undefined, "apps/side.yaml": undefined };
    const held = await open(both, "Away with them");
    assert.match(
      await ended(held.head),
      /^failure: needs Slipway-Allow: delete app\/(?:shop|side): .* \(and 1 more\)$/,
    );
    const allow = "Slipway-Allow: delete app/shop\nSlipway-Allow: delete app/side";
    const allowed = await open(both, `Away with them\n\n${allow}`);
    assert.match(await ended(allowed.head), /^success: \d+ changes: .*\d+ to delete/);
  });

  test("merging one is a deploy, and the others are planned for what the branch is then", async () => {
    const [mine, other] = [
      await open({ "README.md": "words\n" }),
      await open({ "apps/shop.yaml": app("2", "env: { COLOUR: blue }\n") }),
    ];
    assert.match(await ended(mine.head), /^success: no changes$/);
    assert.match(await ended(other.head), /to replace/);
    github.closePull(other.number);
    await stage.git("merge", "-q", "--no-ff", "--no-edit", other.head);
    main = await commit("Merge", {});
    await stage.outcome(main, "applied");
    const again = await open({ "apps/shop.yaml": app("2", "env: { COLOUR: red }\n") });
    assert.match(await ended(again.head), /^success: \d changes?: .*1 to replace/);
    // It was made before the merge, and would take nothing back.
    assert.match(await ended(mine.head), /^success: no changes$/);
  });

  test("where both changed a file the server's merge is taken, once it is there", async () => {
    const lines = (first: string, last: string): string => `${first}\n2\n3\n4\n${last}\n`;
    main = await commit("Lines", { "README.md": lines("1", "5") });
    const { number, head } = await open({
      "README.md": lines("1", "five"),
      "apps/side.yaml": app("2"),
    });
    assert.match(await ended(head), /to replace/);
    main = await commit("Same file", { "README.md": lines("one", "5") });
    const told = async (wanted: RegExp): Promise<void> => {
      await until(String(wanted), async () => (wanted.test(await ended(head)) ? true : undefined));
    };
    await told(/^failure: main changes the same: README\.md/);
    await stage.git("checkout", "-q", "--detach", main);
    await stage.git("merge", "-q", "--no-ff", "--no-edit", head);
    await stage.git("push", "-q", "origin", `HEAD:refs/pull/${number}/merge`);
    await stage.git("checkout", "-q", "main");
    await told(/^success: .*to replace$/);
    assert.match(await comment(number), new RegExp(`For ${head}, as merged into`));
  });

  test("a head that was pushed anew takes the place of the one before", async () => {
    const { number, head } = await open({ "apps/shop.yaml": "imagee: x\n" });
    assert.match(await ended(head), /^failure: apps\/shop\.yaml:1:1: /);
    await stage.git("checkout", "-q", "-B", "change", "main");
    const next = await stage.commit(
      "Anew",
      { "words.txt": "x\n" },
      `+HEAD:refs/pull/${number}/head`,
    );
    await stage.git("checkout", "-q", "main");
    github.addCommit(next);
    github.addPull(number, next);
    assert.match(await ended(next), /^success: no changes$/);
    await until("the comment says so", async () =>
      (await comment(number)).includes(`For ${next}`) ? true : undefined,
    );
    assert.equal(github.comments(number).length, 1);
  });

  test("a machine that does not answer is trouble, and looked at again", async () => {
    await stage.fleet.machine("web-1").faults.cut();
    const { head } = await open({ "apps/shop.yaml": app("1") });
    assert.match(await ended(head), /^error: not seen: web-1: /);
    await stage.fleet.machine("web-1").faults.mend();
    await until(
      "a plan after all",
      async () => ((await ended(head)).startsWith("success") ? true : undefined),
      180_000,
    );
  });
});
