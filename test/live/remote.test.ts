import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { kinds } from "../../src/kinds/index.ts";
import { isObject } from "../../src/lib/json.ts";
import { machinePaths } from "../../src/model/paths.ts";
import { observeMachine } from "../../src/observe/observe.ts";
import { demultiplex } from "../../src/lib/demux.ts";
import { createFleet } from "../../src/remote/fleet.ts";
import { jsonLinesOf } from "../../src/lib/lines.ts";
import type { EngineRequest, Fleet as Remote, Session, Target } from "../../src/remote/session.ts";
import { bootFleet, type Fleet, type FleetMachine } from "../fleet/fleet.ts";
import { all, trouble } from "../support/remote.ts";

const timeoutMs = 60_000;
const about = { fleet: "acme", root: machinePaths("acme").root };

describe("a real machine and its engine", { timeout: 600_000 }, () => {
  let fleet: Fleet;
  let web: FleetMachine;
  let remote: Remote;
  let image: string;
  let ip: string;

  const target = (changes: Partial<Target> = {}): Target => ({
    machine: "web-1",
    address: web.address,
    port: 22,
    user: "root",
    hostKey: web.hostKey,
    engineSocket: "/var/run/docker.sock",
    ...changes,
  });
  const session = (): Promise<Session> => remote.session(target(), { fresh: true });
  const get = async (path: string, more: Partial<EngineRequest> = {}): Promise<unknown> =>
    (await (await session()).engine({ method: "GET", path, timeoutMs, ...more })).body;

  before(async () => {
    fleet = await bootFleet({ machines: ["web-1"], git: false });
    web = fleet.machine("web-1");
    assert.ok(fleet.images);
    image = (await fleet.images.push("app", "v1")).reference;
    const privateKeys = [{ text: await readFile(fleet.sshKeyFile, "utf8"), source: "key" }];
    remote = createFleet({ privateKeys, keepaliveMs: 2_000 });
  });
  after(async () => {
    await remote.close();
    await fleet.down();
  });

  it("pulls with progress, and starts a container", async () => {
    const [name, tag] = [image.slice(0, image.lastIndexOf(":")), "v1"];
    const path = `/images/create?fromImage=${encodeURIComponent(name)}&tag=${tag}`;
    const stream = await (await session()).engineStream({ method: "POST", path, timeoutMs });
    const progress = await all(jsonLinesOf(stream.chunks));
    assert.match(JSON.stringify(progress.at(-1)), /Status: Downloaded newer image/);
    await web.docker(["run", "-d", "--name", "app", image]);
    ip = await web.docker(["inspect", "-f", "{{.NetworkSettings.IPAddress}}", "app"]);
    const containers = await get("/containers/json");
    assert.ok(Array.isArray(containers) && containers.length === 1);
  });

  for (const user of ["root", "deploy"]) {
    it(`runs commands in a container, as ${user}: input, both outputs, exit code, a terminal`, async () => {
      const one = await remote.session(target({ machine: user, user }));
      const argv = ["sh", "-c", "read -r line; echo got $line; echo oops >&2; exit 7"];
      const process = await one.execIn({ container: "app", argv, stdin: true, env: ["A=b"] });
      process.write("something\n");
      process.end();
      const [stdout, stderr] = await Promise.all([all(process.stdout), all(process.stderr)]);
      assert.deepEqual(
        [Buffer.concat(stdout).toString(), Buffer.concat(stderr).toString()],
        ["got something\n", "oops\n"],
      );
      assert.equal(await process.exited, 7);
      const terminal = await one.execIn({
        container: "app",
        argv: ["sh", "-c", "test -t 0 && echo terminal; exit 3"],
        stdin: true,
        tty: { columns: 90, rows: 30 },
      });
      assert.equal(Buffer.concat(await all(terminal.stdout)).toString(), "terminal\r\n");
      assert.equal(await terminal.exited, 3);
      await assert.rejects(
        one.execIn({ container: "nobody", argv: ["true"] }),
        trouble("engine", /No such container: nobody/),
      );
    });
  }

  it("takes apart the logs of a container, and follows them", async () => {
    const chatter =
      "for i in 1 2 3; do echo out $i; echo err $i >&2; done; sleep 0.3; echo late; sleep 60";
    await web.docker(["run", "-d", "--name", "chatter", image, "sh", "-c", chatter]);
    const path = "/containers/chatter/logs?stdout=1&stderr=1&follow=1";
    const stream = await (await session()).engineStream({ method: "GET", path, timeoutMs });
    const outputs = { stdout: "", stderr: "" };
    for await (const piece of demultiplex(stream.chunks)) {
      outputs[piece.stream] += Buffer.from(piece.data).toString();
      if (outputs.stdout.includes("late") && outputs.stderr.includes("err 3")) break;
    }
    assert.deepEqual(outputs, {
      stdout: "out 1\nout 2\nout 3\nlate\n",
      stderr: "err 1\nerr 2\nerr 3\n",
    });
    await web.docker(["rm", "-f", "chatter"]);
  });

  it("hears events", async () => {
    const stream = await (
      await session()
    ).engineStream({ method: "GET", path: "/events", timeoutMs });
    const heard = (async (): Promise<unknown> => {
      for await (const event of jsonLinesOf(stream.chunks)) {
        if (isObject(event) && event["Action"] === "rename") return event["Type"];
      }
      return undefined;
    })();
    await web.docker(["rename", "app", "app-2"]);
    assert.equal(await heard, "container");
    await web.docker(["rename", "app-2", "app"]);
  });

  it("probes from the machine's own network", async () => {
    const one = await session();
    const up = await one.probe({ host: ip, port: 8080, httpPath: "/", timeoutMs });
    assert.match(`${up.healthy} ${up.text}`, /^true 200 in \d+ ms$/);
    assert.deepEqual(await one.probe({ host: ip, port: 81, timeoutMs }), {
      healthy: false,
      text: "connection refused",
    });
    await web.faults.dropInput(81);
    const dropped = await one.probe({ host: web.privateAddress, port: 81, timeoutMs: 500 });
    await web.faults.acceptInput();
    // Within one machine nothing passes the filter that drops.
    assert.equal(dropped.healthy, false);
    const nobody = await one.probe({ host: ip.replace(/\d+$/, "250"), port: 80, timeoutMs: 500 });
    assert.deepEqual(nobody, { healthy: false, text: "no answer in 0.5 s" });
  });

  it("observes a machine with containers, also by sudo and without the engine's group", async () => {
    const found = await observeMachine(await session(), kinds, about);
    assert.deepEqual(found.troubles, []);
    assert.ok(found.facts?.engineVersion);
    const other = await remote.session(target({ machine: "deploy", user: "deploy" }));
    const same = await observeMachine(other, kinds, about);
    assert.deepEqual(same.kinds, found.kinds);
  });

  it("an engine that hangs is engine trouble; the machine itself still answers", async () => {
    await web.faults.freezeDockerd();
    try {
      await assert.rejects(
        get("/containers/json", { timeoutMs: 500 }),
        trouble("engine", /no answer from the engine in 0.5 s/),
      );
      const found = await observeMachine(await session(), kinds, about, { engineMs: 500 });
      assert.deepEqual(
        found.troubles.map((one) => one.class),
        ["engine"],
      );
      assert.ok(found.facts);
      assert.equal(found.kinds.get("app/container")?.state, "unknown");
    } finally {
      await web.faults.thawDockerd();
    }
    assert.ok(Array.isArray(await get("/containers/json")));
  });

  it("an engine that is gone is told in its client's words, and found again when it is back", async () => {
    await web.faults.stopDockerd();
    await assert.rejects(
      get("/info"),
      trouble("engine", /no engine on .*: Cannot connect to the Docker daemon/),
    );
    await web.faults.startDockerd();
    assert.ok(isObject(await get("/info")));
  });

  it("a killed sshd ends what runs; the next session works when it is back", async () => {
    const one = await session();
    const running = one.exec({ argv: ["sleep", "30"], timeoutMs: 60_000 });
    const refused = assert.rejects(running, trouble("unreachable", /./));
    await web.faults.stopSshd();
    await refused;
    await assert.rejects(session(), trouble("unreachable", /connection refused/));
    await web.faults.startSshd();
    assert.equal((await (await session()).exec({ argv: ["true"], timeoutMs })).code, 0);
  });

  it("a cable that is pulled is noticed by keepalives, and mended", async () => {
    const one = await session();
    const gone = once(one.gone, "abort");
    await web.faults.cut();
    await assert.rejects(
      one.exec({ argv: ["true"], timeoutMs: 30_000 }),
      trouble("unreachable", /was lost/),
    );
    await gone;
    await web.faults.mend();
    assert.equal((await (await session()).exec({ argv: ["true"], timeoutMs })).code, 0);
  });

  it("a machine without power is unreachable, and known again by its key when it is back", async () => {
    const one = await session();
    await web.faults.kill();
    await assert.rejects(
      one.exec({ argv: ["true"], timeoutMs: 30_000 }),
      trouble("unreachable", /./),
    );
    await web.faults.start();
    assert.equal(
      (await (await session()).exec({ argv: ["hostname"], timeoutMs })).stdout.toString(),
      "web-1\n",
    );
  });
});
