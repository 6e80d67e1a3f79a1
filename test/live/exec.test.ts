import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../fleet/wait.ts";
import { assertPublished } from "../support/published.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { settingsFile } from "../support/infra.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

/** What people run beside the instances, and restarting them. */
describe("exec --new and restart on machines", () => {
  let stage: Stage;

  const files = (image: (tag: string) => string, tag: string): Record<string, string> => ({
    "apps/shop/app.yaml": `
image: ${image(tag)}
machines: all
volumes: { data: /data }
files: { /etc/shop.toml: shop.toml }
deploy: { stopTimeout: 2s }
services:
  shop: { port: 8080, publish: ["8080:8080"], env: { GREETING: hello }, health: { http: /up, interval: 100ms } }
  worker: { env: { PORT: "9090", QUEUE: mails }, health: { command: ["true"] } }
  flaky:
    machines: web-2
    entrypoint: ["sh", "-c", "[ ! -e /data/broken ] || { echo it is broken; exit 5; }; sleep 1d"]
    health: { command: ["true"] }
    deploy: { stopTimeout: 500ms }
`,
    "apps/shop/shop.toml": "name = 'shop'\n",
  });
  let image: (tag: string) => string;

  before(async () => {
    stage = await openStage({ machines: ["web-1", "web-2"] });
    const { images, registry } = stage.fleet;
    assert.ok(images && registry);
    image = (tag) => `${registry.address}/shop:${tag}`;
    await images.push("shop", "1");
    await stage.commit("Shop 1", {
      "slipway.yaml": settingsFile("acme"),
      "machines/web-1.yaml": stage.machineFile("web-1"),
      "machines/web-2.yaml": stage.machineFile("web-2"),
      ...files(image, "1"),
    });
    const { code, stdout, stderr } = await stage.slipway(["reconcile"]);
    assert.equal(code, 0, stdout + stderr);
  });
  after(async () => {
    await stage?.close();
  });

  const exec = (...argv: string[]): ChildProcessWithoutNullStreams =>
    spawn(bin, ["exec", ...argv], { env: stage.env, stdio: "pipe" });

  /** Containers that were made for one command, on a machine. */
  const made = async (machine: string): Promise<readonly string[]> => {
    const argv = ["ps", "-aq", "--no-trunc", "--filter", "label=slipway.once"];
    const listed = await stage.fleet.machine(machine).docker(argv);
    return listed.split("\n").filter((line) => line !== "");
  };

  /** Starts a command that says `ready` and goes on, and waits until it has said it. */
  const started = async (...argv: string[]) => {
    const child = exec(...argv);
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    await until("the command runs", () =>
      Promise.resolve(out.includes("ready") || child.exitCode !== null ? true : undefined),
    );
    assert.equal(child.exitCode, null, err);
    return { child, ended, err: () => err };
  };
  const waiting = ["--", "sh", "-c", "trap 'exit 9' TERM; echo ready; sleep 600 & wait"];

  const gone = async (machine: string, deadlineMs?: number): Promise<void> => {
    await until(
      "the container has gone",
      async () => ((await made(machine)).length === 0 ? true : undefined),
      deadlineMs,
    );
  };

  test("it has what an instance has, and is none", async () => {
    const script =
      'echo "$GREETING $SLIPWAY_MACHINE"; cat /etc/shop.toml; echo kept > /data/once; getent hosts shop >&2; exit 7';
    const ran = await stage.slipway(["exec", "shop", "--new", "--", "sh", "-c", script]);
    assert.deepEqual([ran.code, ran.stdout], [7, "hello web-1\nname = 'shop'\n"], ran.stderr);
    const seen = await stage.slipway(["exec", "shop", "--", "cat", "/data/once"]);
    assert.equal(seen.stdout, "kept\n", "the volume is the app's");
    await gone("web-1");
  });

  test("of a service, on a machine, as one document", async () => {
    const ran = await stage.slipway([
      "exec",
      "shop-worker",
      "--new",
      "--on",
      "web-2",
      "--json",
      "--",
      "sh",
      "-c",
      "echo $QUEUE $SLIPWAY_MACHINE; echo no >&2; exit 3",
    ]);
    assert.equal(ran.code, 3, ran.stderr);
    assertPublished("exec", JSON.parse(ran.stdout));
    const { results } = JSON.parse(ran.stdout) as { results: Record<string, unknown>[] };
    const [{ machine, app, instance, code, stdout, stderr } = {}] = results;
    assert.deepEqual(
      { machine, app, instance, code, stdout, stderr },
      {
        machine: "web-2",
        app: "shop-worker",
        instance: null,
        code: 3,
        stdout: "mails web-2\n",
        stderr: "no\n",
      },
    );
  });

  test("input comes in, and its end too", async () => {
    const child = exec("shop", "--new", "-i", "--", "wc", "-c");
    child.stdin.end(Buffer.alloc(300_000, 10));
    let counted = "";
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) counted += chunk.toString();
    assert.equal(counted.trim(), "300000");
  });

  test("a command that is not there is told of, and leaves nothing", async () => {
    const ran = await stage.slipway(["exec", "shop", "--new", "--json", "--", "nonsense"]);
    assert.equal(ran.code, 1);
    assertPublished("error", JSON.parse(ran.stdout));
    assert.match(ran.stderr, /^slipway: web-1: .*nonsense/);
    await gone("web-1");
  });

  test("while it runs nothing is planned, it is in no list, and a daemon minds its own business", async () => {
    const daemon = await stage.daemon();
    const isAtRest = (): boolean => daemon.lines.some((line) => line.includes("nothing to do"));
    await until("the daemon has looked", () => Promise.resolve(isAtRest() || undefined));
    const said = daemon.lines.length;
    const running = await started("shop", "--new", ...waiting);
    const [container = ""] = await made("web-1");
    const plan = await stage.slipway(["plan", "--exit-code"]);
    assert.equal(plan.code, 0, plan.stdout);
    const ps = await stage.slipway(["ps", "--json"]);
    assert(!ps.stdout.includes("-once-"), ps.stdout);
    assert(!(await stage.slipway(["logs", "shop"])).stdout.includes("ready"));
    const inspected = await stage.fleet.machine("web-1").docker(["inspect", container]);
    const [inspect] = JSON.parse(inspected) as {
      HostConfig: { PortBindings: unknown };
      NetworkSettings: { Networks: Record<string, { Aliases: string[] | null }> };
    }[];
    assert.deepEqual(inspect?.HostConfig.PortBindings, {});
    const networks = inspect?.NetworkSettings.Networks ?? {};
    assert.deepEqual(Object.keys(networks).toSorted(), ["slipway-acme", "slipway-acme-shop"]);
    const aliases = Object.values(networks).flatMap(({ Aliases }) => Aliases ?? []);
    assert.deepEqual(
      aliases.filter((alias) => !container.startsWith(alias)),
      [],
    );
    const pass = await stage.slipway(["reconcile"], {
      env: { SLIPWAY_STATE: `${stage.env["HOME"] ?? ""}/other` },
    });
    assert.equal(pass.code, 0, pass.stderr);
    assert.deepEqual(await made("web-1"), [container], "a pass leaves it alone");
    running.child.kill("SIGINT");
    const [code] = await running.ended;
    assert.equal(code, 9, running.err());
    await gone("web-1");
    const heard = daemon.lines.slice(said).filter((line) => !line.includes("nothing to do"));
    assert.deepEqual(heard, []);
    assert.equal(await daemon.stop(), 0);
  });

  test("a client that dies leaves nothing", async () => {
    const running = await started("shop", "--new", ...waiting);
    running.child.kill("SIGKILL");
    await running.ended;
    // Sooner than where nobody hears that the client has gone.
    await gone("web-1", 25_000);
  });

  test("a connection that is lost ends it on both sides", { timeout: 600_000 }, async () => {
    const running = await started("shop", "--new", "--on", "web-2", ...waiting);
    const { faults } = stage.fleet.machine("web-2");
    await faults.cut();
    const [code] = await running.ended;
    await faults.mend();
    assert.equal(code, 1);
    assert.match(running.err(), /^slipway: web-2: /m);
    assert(!running.err().includes("bug"), running.err());
    await gone("web-2", 120_000);
  });

  test("restart takes one instance after the other, while a daemon looks on", async () => {
    const daemon = await stage.daemon();
    await until("the daemon has looked", () =>
      Promise.resolve(daemon.lines.some((l) => l.includes("nothing to do")) || undefined),
    );
    const said = daemon.lines.length;
    const startOf = async (machine: string): Promise<string> => {
      const { docker } = stage.fleet.machine(machine);
      const id = await docker(["ps", "-q", "--filter", "label=slipway.app=shop"]);
      const format = "{{.Id}} {{.State.StartedAt}}";
      return (await docker(["inspect", "-f", format, id.trim()])).trim();
    };
    const before = await Promise.all([startOf("web-1"), startOf("web-2")]);
    const ran = await stage.slipway(["restart", "shop", "--json"]);
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    assertPublished("restart", JSON.parse(ran.stdout));
    const { restarted } = JSON.parse(ran.stdout) as { restarted: Record<string, unknown>[] };
    assert.deepEqual(
      restarted.map((r) => `${String(r["machine"])} ${String(r["app"])}`),
      ["web-1 shop", "web-1 shop-worker", "web-2 shop", "web-2 shop-flaky", "web-2 shop-worker"],
    );
    const now = await Promise.all([startOf("web-1"), startOf("web-2")]);
    for (const [i, line] of now.entries()) {
      assert.equal(line.split(" ")[0], before[i]?.split(" ")[0], "the same container");
      assert.notEqual(line, before[i], "started again");
    }
    const plan = await stage.slipway(["plan", "--exit-code"]);
    assert.equal(plan.code, 0, plan.stdout);
    await daemon.stop();
    assert(
      !daemon.lines.slice(said).some((l) => /heard|update|create|replace/.test(l)),
      daemon.lines.join("\n"),
    );
  });

  test("restart ends at the first that does not become healthy, with what was seen", async () => {
    const worker = await stage.slipway(["restart", "shop-worker", "--on", "web-2"]);
    assert.equal(worker.code, 0, worker.stderr);
    assert.match(worker.stdout, /^✓ shop-worker\/1 on web-2 is healthy again/);
    await stage.slipway(["exec", "shop-flaky", "--", "touch", "/data/broken"]);
    const ran = await stage.slipway(["restart", "shop-flaky", "--json"]);
    assert.equal(ran.code, 1, ran.stdout);
    assertPublished("restart", JSON.parse(ran.stdout));
    const { failure } = JSON.parse(ran.stdout) as {
      failure: { address: string; text: string; evidence: { logTail: string[] } };
    };
    assert.equal(failure.address, "machine/web-2/app/shop-flaky/container/1");
    assert.match(failure.text, /^ended (with exit code 5|\d times)/);
    assert(failure.evidence.logTail.includes("it is broken"));
    const wrong = await stage.slipway(["restart", "shpo"]);
    assert.match(wrong.stderr, /no app 'shpo' \(did you mean 'shop'\?\)/);
  });
});
