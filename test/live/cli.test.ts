import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../fleet/wait.ts";
import { assertPublished } from "../support/published.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { settingsFile } from "../support/infra.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

interface Following {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/**
 * Every command as a user types it, on two machines and a real git server. A command that was typed already is run in this
 * process for its other answers, and a pass that only brings about what a test begins with.
 */
describe("the command line on machines", () => {
  let stage: Stage;
  let first: string;
  let image: (tag: string) => string;

  const app = (tag: string, more = ""): string => `
image: ${image(tag)}
machines: all
port: 8080
publish: ["8080:8080"]
env: { GREETING: hello }
health: { http: /up, interval: 100ms, deadline: 60s }
deploy: { stopTimeout: 2s }
${more}`;

  const start = (...argv: string[]): Following => {
    const child = spawn(bin, argv, { env: stage.env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    return { child, out: () => out, err: () => err, ended };
  };

  const json = async (...argv: string[]): Promise<Record<string, unknown>> => {
    const { stdout, stderr } = await stage.here([...argv, "--json"]);
    assert.notEqual(stdout, "", stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  before(async () => {
    stage = await openStage({ machines: ["web-1", "web-2"] });
    const { images, registry } = stage.fleet;
    assert.ok(images && registry);
    image = (tag) => `${registry.address}/shop:${tag}`;
    await images.push("shop", "1");
    await images.push("shop", "2");
    await images.push("shop", "slow", { env: { FAIL: "health" } });
    first = await stage.commit("Shop 1", {
      "slipway.yaml": settingsFile("acme"),
      "machines/web-1.yaml": stage.machineFile("web-1"),
      "machines/web-2.yaml": stage.machineFile("web-2"),
      "apps/shop/app.yaml": app("1"),
    });
  });
  after(async () => {
    await stage?.close();
  });

  test("init asks the servers for their keys, and plans them", async () => {
    const machines = ["web-1", "web-2"].map((name) => stage.fleet.machine(name));
    const dir = `${stage.env["HOME"] ?? ""}/fresh`;
    const flags = machines.flatMap((m) => ["--machine", `${m.name}=deploy@${m.address}`]);
    const who = { name: "Ada", email: "ada@example.com" };
    const env = {
      GIT_AUTHOR_NAME: who.name,
      GIT_AUTHOR_EMAIL: who.email,
      GIT_COMMITTER_NAME: who.name,
      GIT_COMMITTER_EMAIL: who.email,
    };
    const made = await stage.slipway(["init", dir, ...flags], { env });
    assert.equal(made.code, 0, made.stderr);
    const { stdout } = await stage.slipway(["--repo", dir, "validate"]);
    assert.equal(stdout, "no findings\n");
    const status = await json("--repo", dir, "status");
    const seen = status["machines"] as { name: string; reachable: boolean; why?: string }[];
    assert.deepEqual(
      seen.map(({ name, reachable, why }) => [name, reachable, why]),
      machines.map(({ name }) => [name, true, undefined]),
    );
  });

  test("before the first deploy a plan shows all of it, for people and for comments", async () => {
    const plan = await stage.slipway(["plan"]);
    assert.equal(plan.code, 0, plan.stderr);
    assert.match(plan.stdout, /^Plan for [0-9a-f]{8}: \d+ to create/);
    assert.match(
      plan.stdout,
      /\n +\+ container 1 on web-1 and web-2: .*\(apps\/shop\/app.yaml:\d+\)/,
    );
    assert.match(
      plan.stdout,
      /\nwho can reach what\n +shop:8080 +the private network +web-1 \(10\./,
    );
    const comment = await stage.slipway(["plan", "--markdown"]);
    assertPublished("plan", await json("plan"));
    assert.match(comment.stdout, /^<!-- slipway plan acme -->\n### Slipway: \d+ to create/);
    const status = await stage.slipway(["status"]);
    assert.match(
      status.stdout,
      /^acme nothing applied yet\nhead [0-9a-f]{8} Shop 1: not tried yet, \d+ changes pending/,
    );
  });

  test("what is declared to take more memory than a machine has is told, and held by nothing", async () => {
    const file = join(stage.clone, "apps/shop/app.yaml");
    const before = await readFile(file, "utf8");
    try {
      await writeFile(file, `${before}\nresources: { memoryReservation: 4000g }\n`);
      const wish = ["--repo", stage.clone, "plan", "--working-tree"];
      assert.match(
        (await stage.here(wish)).stdout,
        /\nmay not fit\n +! web-1: containers are declared to take 3.9 TB of memory, it has /,
      );
      const plan = await json(...wish);
      assertPublished("plan", plan);
      assert.deepEqual(plan["held"], []);
    } finally {
      await writeFile(file, before);
    }
  });

  test("reconcile tells each change on stderr and the outcome on stdout", async () => {
    const ran = await stage.slipway(["reconcile"]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /^✓ applied [0-9a-f]{8} Shop 1 \(\d+ changes in /);
    assert.match(ran.stderr, /✓ machine\/web-2\/app\/shop\/container\/1 /);
    assert(!ran.stderr.includes("\u001b"), "no colours where there is no terminal");
    assert.equal((await stage.slipway(["plan", "--exit-code"])).code, 0);
  });

  test("status and ps see what runs, also from a controller that knows nothing", async () => {
    const env = { SLIPWAY_STATE: `${stage.env["HOME"] ?? ""}/other-state` };
    const { stdout, stderr } = await stage.slipway(["status", "--json"], { env });
    assertPublished("status", JSON.parse(stdout));
    const status = JSON.parse(stdout) as {
      revision: string;
      head: Record<string, unknown>;
      machines: { kernel: string; clock: { offset: number } }[];
      apps: { family: string; good: string; instances: Record<string, unknown>[] }[];
    };
    assert.equal(status.revision, first, stderr);
    assert.deepEqual(
      status.machines.map(({ kernel, clock }) => [kernel, clock.offset]),
      [
        [release(), 0],
        [release(), 0],
      ],
    );
    assert.deepEqual([status.head["outcome"], status.head["pending"]], ["applied", 0]);
    assert.deepEqual(
      status.apps.map((a) => [a.family, a.good]),
      [["shop", first]],
    );
    const at = status.apps[0]!.instances.map(
      (i) =>
        `${String(i["machine"])}/${String(i["instance"])} ${String(i["running"])} ${String(i["image"])}`,
    );
    assert.deepEqual(at, [`web-1/1 true ${image("1")}`, `web-2/1 true ${image("1")}`]);
    const ps = await stage.slipway(["ps", "shop"]);
    assert.equal(
      ps.stdout.split("\n").filter((line) => /^shop +web-\d +1 +running/.test(line)).length,
      2,
      ps.stdout,
    );
    assert.match(
      (await stage.here(["ps", "shpo"])).stderr,
      /no app 'shpo' \(did you mean 'shop'\?\)/,
    );
  });

  test("exec runs a command word by word and passes on its exit code", async () => {
    const words = ["a b", "$HOME", "'", "\\", "", "--json"];
    const echo = await stage.slipway(["exec", "shop", "--", "printf", "<%s>", ...words]);
    assert.equal(echo.stdout, words.map((word) => `<${word}>`).join(""), echo.stderr);
    const told = await stage.slipway([
      "exec",
      "shop",
      "--on",
      "web-2",
      "--",
      "sh",
      "-c",
      'echo "$SLIPWAY_MACHINE"; echo no >&2; exit 7',
    ]);
    assert.deepEqual([told.code, told.stdout, told.stderr], [7, "web-2\n", "no\n"]);
    const all = await stage.here([
      "exec",
      "shop",
      "--all",
      "--",
      "sh",
      "-c",
      'echo "$SLIPWAY_MACHINE"; [ "$SLIPWAY_MACHINE" = web-2 ]',
    ]);
    assert.deepEqual([all.code, all.stdout], [1, "web-1\nweb-2\n"]);
    const piped = spawn(bin, ["exec", "shop", "-i", "--", "wc", "-c"], {
      env: stage.env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    piped.stdin.end(Buffer.alloc(300_000, 10));
    let counted = "";
    for await (const chunk of piped.stdout as AsyncIterable<Buffer>) counted += chunk.toString();
    assert.equal(counted.trim(), "300000");
  });

  test("logs go on over a deploy, and know which instance said what", async () => {
    const follow = start("logs", "shop", "-f");
    await until("both machines are heard", async () =>
      /web-1\/1 \|/.test(follow.out()) && /web-2\/1 \|/.test(follow.out())
        ? true
        : await Promise.resolve(undefined),
    );
    const second = await stage.commit("Shop 2", { "apps/shop/app.yaml": app("2") });
    assert.equal((await stage.here(["reconcile"])).code, 0);
    await until("the new version is heard on both", async () =>
      /web-1\/1 \| version 2/.test(follow.out()) && /web-2\/1 \| version 2/.test(follow.out())
        ? true
        : await Promise.resolve(undefined),
    );
    follow.child.kill("SIGINT");
    assert.equal(await follow.ended, 0, follow.err());
    const since = await stage.slipway([
      "logs",
      "shop",
      "--since",
      "1h",
      "--timestamps",
      "--tail",
      "all",
    ]);
    const times = [...since.stdout.matchAll(/\| (\S+Z) /g)].map(([, time = ""]) => time);
    assert(times.length >= 4, since.stdout);
    assert.deepEqual(times, times.toSorted());
    const one = await stage.here(["logs", "shop", "--on", "web-2", "--tail", "1", "--json"]);
    const document = JSON.parse(one.stdout) as { lines: Record<string, unknown>[] };
    assertPublished("logs", document);
    const [line = {}] = document.lines;
    assert.deepEqual([line["machine"], line["app"], line["instance"]], ["web-2", "shop", "1"]);
    assert.equal((await stage.note(second))?.["outcome"], "applied");
  });

  test("a clone that nobody told asks the machines what came of the head", async () => {
    const { stdout, stderr } = await stage.slipway(["--repo", stage.clone, "status"]);
    assert.match(stdout, /\nhead [0-9a-f]{8} Shop 2: applied, nothing pending/, stderr);
  });

  test("why names the commit behind what runs, and behind what is to be changed", async () => {
    const quiet = await stage.slipway(["why", "machine/web-1/app/shop/container/1"]);
    assert.match(
      quiet.stdout,
      /as declared, nothing to change\n {2}made by +[0-9a-f]{8} Shop 2 \(Ada <ada@example.com>\)/,
    );
    const ofImage = await stage.here(["why", "app/shop/image"]);
    assert.match(
      ofImage.stdout,
      /as declared, nothing to change\n {2}declared +apps\/shop\/app.yaml:2, last changed by [0-9a-f]{8} Shop 2/,
    );
    await stage.commit("Say hi", {
      "apps/shop/app.yaml": app("2").replace("GREETING: hello", "GREETING: hi"),
    });
    await stage.commit("Words", { "README.md": "words\n" });
    const pending = await stage.here(["why", "app/shop"]);
    assert.match(
      pending.stdout,
      /container\/1 is to be replaced\n {2}because .*\(apps\/shop\/app.yaml:\d+\)/,
    );
    assert.match(pending.stdout, /\n {2}commit +[0-9a-f]{8} Say hi, by Ada/);
    assert.match(pending.stdout, /GREETING: hello → hi/);
    const why = await json("why", "app/shop");
    assertPublished("why", why);
    assert.equal((why["commit"] as { subject: string }).subject, "Say hi");
    assert.match(
      (await stage.here(["why", "app/shpo"])).stderr,
      /nothing is at 'app\/shpo' \(did you mean 'app\/shop'\?\)/,
    );
    assert.equal((await stage.here(["reconcile"])).code, 0);
  });

  test("rollback pushes the commit that brings the last good files back", async () => {
    const refused = await stage.slipway(["rollback"]);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /Undoes 2 commits:\n.*Words.*\n.*Say hi.*\nChanges 2 files:[^]*nobody here to ask/,
    );
    const done = await stage.slipway(["rollback", "--yes", "--json"]);
    assert.equal(done.code, 0, done.stderr);
    assertPublished("rollback", JSON.parse(done.stdout));
    const { revision, to } = JSON.parse(done.stdout) as { revision: string; to: string };
    await stage.git("pull", "-q", "origin", "main");
    assert.equal((await stage.git("rev-parse", "HEAD")).trim(), revision);
    assert.equal(
      (await stage.git("rev-parse", "HEAD^{tree}")).trim(),
      (await stage.git("rev-parse", `${to}^{tree}`)).trim(),
    );
    assert.equal((await stage.here(["reconcile"])).code, 0);
    const branch = await stage.here(["rollback", first, "--yes", "--branch-only", "back"]);
    assert.equal(branch.code, 0, branch.stderr);
    await stage.git("fetch", "-q", "origin");
    assert.equal((await stage.git("rev-parse", "origin/main")).trim(), revision);
    assert.match(
      await stage.git("log", "-1", "--format=%B", "origin/back"),
      /^Roll back to [0-9a-f]{8} "Shop 1"\n/,
    );
  });

  test("history comes from the notes, and from the machines when they are gone", async () => {
    const before = await stage.slipway(["history", "--json"]);
    const all = JSON.parse(before.stdout) as { revisions: { subject: string; outcome: string }[] };
    assertPublished("history", all);
    assert(all.revisions.length >= 4);
    const server = stage.fleet.git!;
    await stage.git("push", "-q", server.loginUrl("infra"), ":refs/notes/slipway");
    const env = { SLIPWAY_STATE: `${stage.env["HOME"] ?? ""}/third-state` };
    const lost = await stage.here(["history", "--json"], { env });
    assert.deepEqual(
      (JSON.parse(lost.stdout) as typeof all).revisions.map((r) => r.subject),
      all.revisions.map((r) => r.subject),
    );
    const rebuilt = await stage.slipway(["history", "--rebuild"], { env });
    assert.match(rebuilt.stderr, new RegExp(`wrote ${all.revisions.length} notes`));
    assert.equal((await stage.note(first))?.["outcome"], "applied");
  });

  test("an interrupt ends reconcile at a safe point, and the next one finishes", async () => {
    await stage.commit("Slow", { "apps/shop/app.yaml": app("slow", "labels: { try: one }") });
    const slow = start("reconcile");
    await until("it is under way", async () =>
      /create|replace/.test(slow.err()) ? true : await Promise.resolve(undefined),
    );
    slow.child.kill("SIGINT");
    const code = await slow.ended;
    assert.equal(code, 1, slow.err());
    assert.match(slow.err(), /stopping at the next safe point/);
    assert(!slow.err().includes("bug"), slow.err());
    await stage.commit("Shop 2 again", { "apps/shop/app.yaml": app("2") });
    assert.equal((await stage.here(["reconcile"])).code, 0);
    assert.equal((await stage.slipway(["plan", "--exit-code"])).code, 0);
  });

  test("a machine that is down takes nothing of the others away", async () => {
    await stage.fleet.machine("web-2").faults.kill();
    const [status, ps, logs, plan, exec] = await Promise.all([
      stage.slipway(["status"]),
      stage.here(["ps"]),
      stage.here(["logs", "shop"]),
      stage.here(["plan", "--exit-code"]),
      stage.here(["exec", "shop", "--", "true"]),
    ]);
    assert.equal(status.code, 0);
    assert.match(status.stdout, /^web-2 +unreachable/m);
    assert.match(status.stdout, /^shop +web-1 +1 +running/m);
    assert.equal(ps.code, 1);
    assert.match(ps.stderr, /warning: web-2: /);
    assert.match(ps.stdout, /^shop +web-1/m);
    assert.equal(logs.code, 1);
    assert.match(logs.stdout, /^web-1\/1 /m);
    assert.match(logs.stderr, /web-2: /);
    assert.equal(plan.code, 1);
    assert.match(plan.stdout, /\nnot seen\n +\? web-2: /);
    assert.equal(exec.code, 0, exec.stderr);
    const pass = await stage.slipway(["reconcile"]);
    assert.equal(pass.code, 1);
    assert.match(pass.stdout, /^… incomplete /);
    await stage.fleet.machine("web-2").faults.start();
    assert.equal((await stage.here(["reconcile"])).code, 0);
  });

  test("run follows the branch, and ends when it is told to", async () => {
    const daemon = await stage.daemon();
    const commit = await stage.commit("Shop 1 once more", { "apps/shop/app.yaml": app("1") });
    await stage.outcome(commit, "applied");
    const second = await stage.slipway(["run"], { timeoutMs: 60_000 });
    assert.equal(second.code, 1);
    assert.match(second.stderr, /^slipway: .*in use by another slipway/m);
    assert.equal(await daemon.stop("SIGTERM"), 0, daemon.lines.join("\n"));
    assert(
      daemon.lines.some((line) => / info +following main of http:\/\//.test(line)),
      daemon.lines.join("\n"),
    );
    assert(!daemon.lines.some((line) => line.includes(stage.fleet.git!.token)));
  });
});
