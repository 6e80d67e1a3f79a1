import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { run } from "../fleet/run.ts";
import { cliEnv } from "../support/cli-env.ts";
import { until } from "../fleet/wait.ts";
import { makeInfra, type Infra } from "../support/infra.ts";
import { assertPublished } from "../support/published.ts";
import { startGithub, type GithubDouble } from "../support/github.ts";

const bin = new URL("../../bin/slipway", import.meta.url).pathname;

/** What the command line tells the ledger and the forge, where no machine is needed for it. */
describe("slipway reconcile tells what became of a commit", () => {
  let dir: string;
  let infra: Infra;
  let github: GithubDouble;
  let settings: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "slipway-reconcile-"));
    infra = await makeInfra();
    github = await startGithub();
    settings = `fleet: acme\nforge: { kind: github, repository: acme/infra, api: "${github.api}" }\n`;
  });
  after(async () => {
    await Promise.all([infra.close(), github.close(), rm(dir, { recursive: true, force: true })]);
  });

  const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    ...cliEnv(dir, infra.repo),
    SLIPWAY_FORGE_TOKEN: github.token,
    ...more,
  });
  const slipwayWith = async (more: NodeJS.ProcessEnv, ...argv: string[]) =>
    await run([bin, ...argv], { env: env(more), timeoutMs: 120_000 });
  const slipway = async (...argv: string[]) => await slipwayWith({}, ...argv);

  const statuses = (commit: string) =>
    github.statuses(commit).map((s) => `${s.context} ${s.state} ${s.description ?? ""}`);

  it("green for a fleet without a machine", async () => {
    const commit = await infra.commit("Start", { "slipway.yaml": settings });
    github.addCommit(commit);
    const ran = await slipway("reconcile");
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /^✓ applied [0-9a-f]{8} Start/);
    // A pass that ends at once may have nothing pending to tell.
    assert.equal(statuses(commit).at(-1), "slipway/acme success nothing to do");
    const note = JSON.parse(await infra.git("notes", "--ref=slipway", "show", commit)) as object;
    assert.deepEqual(
      [Reflect.get(note, "outcome"), Reflect.get(note, "fleet")],
      ["applied", "acme"],
    );
  });

  it("once, however often it is asked for", async () => {
    const before = github.requests.length;
    assert.equal((await slipway("reconcile")).code, 0);
    const since = github.requests.slice(before);
    assert.deepEqual(
      since.filter((request) => request.startsWith("POST")),
      [],
    );
  });

  it("red with the first finding, though its settings cannot be read", async () => {
    const commit = await infra.commit("Oops", { "slipway.yaml": `${settings}flet: b\n` });
    github.addCommit(commit);
    const ran = await slipway("reconcile", "--json");
    assert.equal(ran.code, 1);
    assertPublished("outcome", JSON.parse(ran.stdout));
    const outcome = JSON.parse(ran.stdout) as { outcome: string; findings: string[] };
    assert.equal(outcome.outcome, "rejected");
    assert.match(outcome.findings[0] ?? "", /^slipway.yaml:3:1: unknown key 'flet'/);
    assert.deepEqual(
      statuses(commit).map((s) => s.slice(0, 50)),
      ["slipway/acme failure slipway.yaml:3:1: unknown key"],
    );
  });

  it("later, when the forge is away", async () => {
    const commit = await infra.commit("Mended", { "slipway.yaml": settings });
    github.addCommit(commit);
    for (let i = 0; i < 40; i += 1) github.fail({ kind: "status", status: 503 });
    const ran = await slipway("reconcile");
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /warn.*have not been sent; they are kept/);
    assert(!ran.stderr.includes(github.token));
  });

  it("keeps its history", async () => {
    const { code, stdout } = await slipway("history", "--json");
    assert.equal(code, 0);
    const { revisions } = JSON.parse(stdout) as {
      revisions: { outcome: string; subject: string }[];
    };
    assert.deepEqual(
      revisions.map((r) => `${r.subject} ${r.outcome}`),
      ["Mended applied", "Oops rejected", "Start applied"],
    );
  });

  it("to no other host than the token was given for, until the operator says so", async () => {
    const other = await startGithub({ token: github.token });
    const elsewhere = settings.replace(github.api, other.api);
    const refusal = /no commit statuses: `forge\.api` is now at .*SLIPWAY_FORGE_API=URL allows it/;
    try {
      const daemon = spawn(bin, ["run", "--interval", "500ms"], {
        env: env(),
        stdio: ["ignore", "ignore", "pipe"],
      });
      const ended = new Promise((resolve) => daemon.once("close", resolve));
      let said = "";
      daemon.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      await until("it follows", () => Promise.resolve(said.includes("following") || undefined));
      const commit = await infra.commit("Elsewhere", { "slipway.yaml": elsewhere });
      other.addCommit(commit);
      await until("it refuses", () => Promise.resolve(refusal.test(said) || undefined));
      daemon.kill("SIGTERM");
      await ended;
      const ran = await slipway("reconcile");
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stderr, refusal);
      for (const more of [{}, { SLIPWAY_FORGE_TOKEN: "" }]) {
        const { stdout } = await slipwayWith(more, "status", "--json");
        const status = JSON.parse(stdout) as { forge?: { trouble: string } };
        assertPublished("status", status);
        assert.match(status.forge?.trouble ?? "", /nothing is sent there/);
      }
      assert.match((await slipway("status")).stdout, refusal);
      const bound = await slipwayWith({ SLIPWAY_FORGE_API: github.api }, "reconcile");
      assert.match(bound.stderr, /SLIPWAY_FORGE_API allows the token to go to .* alone/);
      assert.deepEqual(other.requests, []);

      const allowed = await slipwayWith({ SLIPWAY_FORGE_API: other.api }, "reconcile");
      assert.match(allowed.stderr, /^slipway: warn: 1 that waited for another forge .*\n$/);
      assert.deepEqual(
        other.statuses(commit).map((s) => s.state),
        ["success"],
      );
      assert.equal((await slipway("reconcile")).stderr, "");
      assert(!(await slipway("status")).stdout.includes("no commit statuses"));
      assert.deepEqual(other.violations, []);
    } finally {
      await other.close();
    }
  });

  it("has nothing against the forge's own description", () =>
    assert.deepEqual(github.violations, []));
});
