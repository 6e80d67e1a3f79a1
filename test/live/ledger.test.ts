import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { takeLock } from "../../src/apply/lock.ts";
import { appendHistory } from "../../src/apply/record.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { parseOutcome, type RevisionOutcome } from "../../src/model/outcome.ts";
import { readRevision } from "../../src/pass/revision.ts";
import { targetsOf } from "../../src/pass/targets.ts";
import { must } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";
import { openController } from "../support/controller.ts";
import { watchCalls, type Around } from "../support/counting.ts";
import { startGithub, type GithubDouble } from "../support/github.ts";
import { siteOn, type Site } from "../support/site.ts";
import { openStage, type Stage } from "../support/stage.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

/** The ledger says what was done, whoever was killed, was slower, or lost its files. */
describe("the ledger", () => {
  let stage: Stage;
  let site: Site;
  let github: GithubDouble;

  const app = (tag: string, more: string): string => `
image: ${stage.fleet.registry?.address ?? ""}/shop:${tag}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: 60s }
deploy: { stopTimeout: 1s }
${more}`;
  const slow = (round: string, startMs: number): string =>
    `env: { ROUND: "${round}", START_MS: "${startMs}" }\n`;

  before(async () => {
    stage = await openStage({ machines: ["one", "two"] });
    github = await startGithub();
    await stage.fleet.images?.push("shop", "1");
    site = await siteOn(stage.fleet, ["one"]);
  });
  after(async () => {
    await site?.close();
    assert.deepEqual(github?.violations, []);
    await github?.close();
    await stage?.close();
  });

  const records = async (
    machine: string,
    revision: string,
  ): Promise<readonly RevisionOutcome[]> => {
    const { stdout } = await stage.fleet
      .machine(machine)
      .exec(["sh", "-c", "cat /var/lib/slipway/*/history.jsonl"]);
    return stdout
      .split("\n")
      .flatMap((line) => parseOutcome(line) ?? [])
      .filter((outcome) => outcome.revision === revision);
  };

  test("who waited out another's pass over the same revision leaves the other's word", async () => {
    const commit = await site.commit("Shop", { "apps/shop.yaml": app("1", slow("1", 1_500)) });
    const first = await openController(site.options);
    const passes = [first.reconcile()];
    await until("the first one has the lock", () =>
      Promise.resolve(first.events.some((e) => e.type === "change-started") || undefined),
    );
    passes.push(site.reconcile());
    const [one, other] = await Promise.all(passes);
    await first.close();
    assert.ok((one?.changes ?? 0) > 0, JSON.stringify(one));
    assert.deepEqual([other?.outcome, other?.changes], ["applied", 0]);
    const note = parseOutcome(await site.infra.git("notes", "--ref=slipway", "show", commit));
    assert.deepEqual(note, one);
    assert.deepEqual(await records("one", commit), [one]);
  });

  test("also where it only waits to write its record down", async () => {
    const commit = await site.commit("Words", { "README.md": "words\n" });
    let locks = 0;
    const counting: Around = async (call, work) => {
      if (call.text === "lock") locks += 1;
      return await work();
    };
    const controller = await openController(site.options, (remote) => watchCalls(remote, counting));
    try {
      const { documents } = await readRevision(controller.world);
      const target = documents && targetsOf(documents).get("one");
      assert.ok(target !== undefined);
      const session = await controller.world.remote.session(target);
      const hold = await takeLock(session, "acme", systemClock);
      assert.ok(hold !== undefined);
      const pass = controller.reconcile();
      // Ours was the first.
      await until("it waits for the lock", () => Promise.resolve(locks > 1 || undefined));
      const [said] = await records("one", await site.infra.git("rev-parse", "HEAD~1"));
      assert.ok(said !== undefined);
      const another = { ...said, revision: commit, text: "another's" };
      await hold.update((inventory) => ({ ...inventory, revision: commit }));
      await appendHistory(session, "acme", another);
      await controller.world.source.writeNote(commit, JSON.stringify(another));
      await hold.release();
      assert.equal((await pass).outcome, "applied");
      const note = await site.infra.git("notes", "--ref=slipway", "show", commit);
      assert.deepEqual(parseOutcome(note), another);
      assert.deepEqual(await records("one", commit), [another]);
    } finally {
      await controller.close();
    }
  });

  test("a note that was never written is completed from the machines, and the statuses with it", async () => {
    const commit = await stage.commit("Shop", {
      "slipway.yaml": `fleet: acme-two\nforge: { kind: github, repository: ${github.repository}, api: "${github.api}" }\n`,
      "machines/two.yaml": stage.machineFile("two"),
      "apps/shop.yaml": app("1", slow("2", 5_000)),
    });
    github.addCommit(commit);
    const env = { ...stage.env, SLIPWAY_FORGE_TOKEN: github.token };
    const doomed = spawn(bin, ["reconcile"], { env, stdio: ["ignore", "ignore", "pipe"] });
    const ended = new Promise((resolve) => doomed.once("close", resolve));
    let said = "";
    doomed.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await until("it is under way", () => Promise.resolve(said.includes("container") || undefined));
    stage.fleet.git?.fault("hang");
    await until("the machine has the record", async () =>
      (await records("two", commit)).length > 0 ? true : undefined,
    );
    doomed.kill("SIGKILL");
    await ended;
    stage.fleet.git?.fault(undefined);
    assert.equal(await stage.note(commit), undefined);
    const [done] = await records("two", commit);

    const ran = await stage.slipway(["--json", "reconcile"], { env });
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal((JSON.parse(ran.stdout) as RevisionOutcome).changes, 0);
    assert.deepEqual(await stage.note(commit), done);
    assert.ok((done?.changes ?? 0) > 0);
    assert.deepEqual(await records("two", commit), [done]);
    const last = new Map(github.statuses(commit).map((s) => [s.context, s.state]));
    assert.deepEqual(
      [...last],
      [
        ["slipway/acme-two", "success"],
        ["slipway/acme-two/shop", "success"],
      ],
    );
  });

  test("a pass from a colleague's clone brings its note to the others", async () => {
    const commit = await stage.commit("Words from here", { "README.md": "from here\n" });
    await stage.git("update-ref", "-d", "refs/notes/slipway");
    const ran = await stage.slipway(["--repo", stage.clone, "reconcile"]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(ran.stderr, "");
    const shown = stage.fleet.git?.repoDir("infra");
    const note = await must(["git", "-C", `${shown}`, "notes", "--ref=slipway", "show", commit]);
    assert.equal(parseOutcome(note)?.outcome, "applied");
  });

  test("without notes and without any file of a controller the plan is empty and the history tells", async () => {
    const history = async () => {
      const { stdout } = await stage.slipway(["--json", "history"]);
      return (JSON.parse(stdout) as { revisions: readonly RevisionOutcome[] }).revisions;
    };
    const words = await stage.commit("Words", { "README.md": "words\n" });
    assert.equal((await stage.slipway(["reconcile"])).code, 0);
    const known = await history();
    assert.deepEqual(
      known.map((r) => `${r.subject} ${r.outcome}`),
      ["Words applied", "Words from here applied", "Shop applied"],
    );
    await stage.git("push", "-q", "origin", ":refs/notes/slipway");
    await stage.git("update-ref", "-d", "refs/notes/slipway");
    await rm(stage.env["SLIPWAY_STATE"] ?? "", { recursive: true });
    const plan = await stage.slipway(["--json", "plan", "--exit-code"]);
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
    assert.deepEqual(await history(), known);
    assert.equal((await stage.slipway(["reconcile"])).code, 0);
    assert.deepEqual(await stage.note(words), known[0]);
    assert.deepEqual(await history(), known);
  });
});
