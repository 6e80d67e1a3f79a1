import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { bootFleet, type Fleet, type Result } from "../fleet/fleet.ts";
import { must, run } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";

const app = async (url: string, limitMs = 10_000): Promise<string> =>
  (
    await fetch(url, { signal: AbortSignal.timeout(limitMs), headers: { connection: "close" } })
  ).text();

/** Nobody answers there, for as long as one who is there would need at most. */
const assertSilent = async (url: string): Promise<void> => {
  await assert.rejects(app(url, 1_000));
};

/** Plain OpenSSH with nothing of the developer's own settings. */
function ssh(fleet: Fleet, login: string, command: string): Promise<Result> {
  const options = [
    `UserKnownHostsFile=${fleet.knownHostsFile}`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "ConnectTimeout=10",
  ];
  const flags = options.flatMap((option) => ["-o", option]);
  return run(["ssh", "-F", "none", ...flags, "-i", fleet.sshKeyFile, login, command]);
}

const proxyConfig = (server: string): string => `global
  user haproxy
defaults
  mode http
  option forwardfor
  timeout connect 1s
  timeout client 30s
  timeout server 30s
listen app
  bind :81
  server app ${server}:8080
`;

describe("the test fleet", { timeout: 600_000 }, () => {
  let fleet: Fleet;
  let image: string;

  before(async () => {
    fleet = await bootFleet({ machines: ["web-1", { name: "db-1", diskMiB: 64 }] });
    assert(fleet.images !== undefined && fleet.registry !== undefined);
    image = (await fleet.images.push("app", "v1", { env: { GREETING: "hello" } })).reference;
  });
  after(() => fleet.down());

  it("lets deploy in by key, into the engine's group and with sudo", async () => {
    const { address } = fleet.machine("web-1");
    const { code, stdout } = await ssh(
      fleet,
      `deploy@${address}`,
      "docker info -f {{.Name}} && sudo -n id -un && pwd",
    );
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "web-1\nroot\n/home/deploy\n" });
    assert.equal((await ssh(fleet, `root@${address}`, "hostname")).stdout, "web-1\n");
  });

  it("keeps the host out of sight and out of reach", async () => {
    const web = fleet.machine("web-1");
    const swappiness = await readFile("/proc/sys/vm/swappiness", "utf8");
    const sight = await web.exec([
      "sh",
      "-c",
      "ls -A /root /home /usr/local/bin; sysctl -qw vm.swappiness=3",
    ]);
    assert.deepEqual(sight.stdout.split("\n").filter(Boolean), [
      "/home:",
      "deploy",
      "/root:",
      ".ssh",
      "/usr/local/bin:",
    ]);
    assert.equal((await web.exec(["cat", "/proc/sys/vm/swappiness"])).stdout, "3\n");
    assert.equal(await readFile("/proc/sys/vm/swappiness", "utf8"), swappiness);
    assert.notEqual((await web.exec(["sysctl", "-qw", "kernel.panic=1"])).code, 0);
  });

  it("runs containers from the registry, reached from the host, a machine and a container", async () => {
    const [web, db] = [fleet.machine("web-1"), fleet.machine("db-1")];
    await web.docker(["run", "-d", "--name", "app", "--restart", "always", "-p", "80:8080", image]);
    const hello = await until("the app", () => app(`http://${web.address}/`));
    assert.match(hello, /^version=v1\nhostname=\w+\ngreeting=hello\n$/);
    assert.equal(await app(`http://${web.privateAddress}/`), hello);
    const other = await db.exec(["busybox", "wget", "-qO-", `http://${web.privateAddress}/`]);
    assert.equal(other.stdout, hello);
    assert.equal(
      `${await db.docker(["run", "--rm", image, "wget", "-qO-", `http://${web.privateAddress}/`])}\n`,
      hello,
    );
  });

  it("has an app behind a proxy that is made as the official image is", async () => {
    const web = fleet.machine("web-1");
    const proxy = await fleet.images?.pushProxy();
    const server = await web.docker(["inspect", "-f", "{{.NetworkSettings.IPAddress}}", "app"]);
    await web.exec(["sh", "-c", "mkdir -p /etc/proxy && cat >/etc/proxy/haproxy.cfg"], {
      input: proxyConfig(server.trim()),
    });
    await web.docker(
      ["run", "-d", "--name", "proxy", "--user", "0:0", "--network", "host"].concat(
        ["-v", "/etc/proxy:/etc/slipway:ro", proxy?.reference ?? "", "haproxy"],
        ["-f", "/etc/slipway/haproxy.cfg"],
      ),
    );
    const url = `http://${web.address}:81`;
    await until("the proxy", () => app(`${url}/up`).catch(() => undefined));
    const [stream, events] = [app(`${url}/stream?ms=10&n=3`), app(`${url}/events?ms=10&n=2`)];
    const sent = "x".repeat(100_000);
    const echoed = await fetch(`${url}/echo`, { method: "POST", body: sent });
    assert.equal(await echoed.text(), sent);
    assert.equal(echoed.headers.get("x-version"), "v1");
    assert.equal(await stream, "tick 1\ntick 2\ntick 3\n");
    assert.equal(await events, "id: 1\ndata: version=v1\n\nid: 2\ndata: version=v1\n\n");
    assert.match(await app(`${url}/headers`), /^x-forwarded-for: [\d.]+\r$/im);
    assert.match(await web.docker(["top", "proxy"]), /haproxy -W -db -f/);
    await web.docker(["stop", "proxy"]);
    assert.equal(await web.docker(["inspect", "-f", "{{.State.ExitCode}}", "proxy"]), "0");
  });

  it("takes a machine off the network and back", async () => {
    const web = fleet.machine("web-1");
    await web.faults.cut();
    await assertSilent(`http://${web.address}/`);
    await web.faults.mend();
    await until("the app after mending", () => app(`http://${web.address}/`));
    await web.faults.cut("private");
    await assertSilent(`http://${web.privateAddress}/`);
    await until("the public side", () => app(`http://${web.address}/`));
    await web.faults.mend("private");
    await web.faults.dropInput(80);
    await assertSilent(`http://${web.address}/`);
    await web.faults.acceptInput();
    await until("the app after the drop", () => app(`http://${web.address}/`));
  });

  it("keeps containers while the engine is away, hung or dead", async () => {
    const web = fleet.machine("web-1");
    const started = await web.docker(["inspect", "-f", "{{.State.StartedAt}}", "app"]);
    await web.faults.freezeDockerd();
    assert.equal((await web.exec(["docker", "ps"], { timeoutMs: 300 })).code, 124);
    await app(`http://${web.address}/`);
    await web.faults.thawDockerd();
    await web.faults.stopDockerd();
    assert.notEqual((await web.exec(["docker", "ps"])).code, 0);
    await until("the app without an engine", () =>
      app(`http://${web.privateAddress}:80/`).catch(() => undefined),
    );
    await web.faults.startDockerd();
    assert.equal(await web.docker(["inspect", "-f", "{{.State.StartedAt}}", "app"]), started);
  });

  it("loses sshd and gets it back", async () => {
    const { faults, address } = fleet.machine("web-1");
    await faults.stopSshd();
    assert.equal((await ssh(fleet, `deploy@${address}`, "true")).code, 255);
    await faults.startSshd();
    assert.equal((await ssh(fleet, `deploy@${address}`, "true")).code, 0);
  });

  it("survives a power cut with its data, and reboots by its own command", async () => {
    const web = fleet.machine("web-1");
    await web.exec(["sh", "-c", "echo kept >/etc/kept"]);
    const first = web.pid();
    await web.faults.kill();
    assert.equal(web.pid(), undefined);
    await assertSilent(`http://${web.address}/`);
    await web.faults.start();
    await until("the app after a power cut", () => app(`http://${web.address}/`));
    assert.equal((await web.exec(["cat", "/etc/kept"])).stdout, "kept\n");
    const second = web.pid();
    assert.notEqual(second, first);
    await ssh(fleet, `root@${web.address}`, "reboot");
    await until("another boot", async () =>
      web.pid() !== undefined && web.pid() !== second ? true : undefined,
    );
    await until("the app after a reboot", () => app(`http://${web.address}/`));
  });

  it("fills a disk without filling the host's", async () => {
    const db = fleet.machine("db-1");
    const write = ["dd", "if=/dev/zero", "of=/var/lib/docker/more", "bs=1k", "count=8"];
    await db.faults.fillDisk();
    assert.match((await db.exec(write)).stderr, /No space left/);
    await db.faults.freeDisk();
    assert.equal((await db.exec(write)).code, 0);
  });

  it("has a registry that fails and asks for a login when told to", async () => {
    const { registry, images } = fleet;
    assert(registry !== undefined && images !== undefined);
    const { reference } = await images.push("app", "v2");
    const pull = (): Promise<Result> =>
      fleet.machine("db-1").exec(["docker", "pull", "-q", reference]);
    registry.fault("500");
    assert.match((await pull()).stderr, /500/);
    registry.fault(undefined);
    registry.requireLogin({ user: "bot", password: "secret" });
    assert.match((await pull()).stderr, /no basic auth credentials/);
    registry.requireLogin(undefined);
    assert.equal((await pull()).code, 0);
    assert(registry.requests.some((one) => one.startsWith("GET /v2/app/blobs/")));
  });

  it("serves git over HTTP to those with the token", async () => {
    const { git, dir } = fleet;
    assert(git !== undefined);
    const url = await git.createRepo("infra");
    const env = {
      PATH: process.env["PATH"],
      GIT_TERMINAL_PROMPT: "0",
      GIT_CONFIG_GLOBAL: "/dev/null",
      HOME: dir,
    };
    const work = join(dir, "clone");
    const gitIn = (...args: string[]): Promise<string> => {
      const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
      return must(["git", "-C", work, ...who, ...args], { env });
    };
    await must(["git", "clone", "-q", git.loginUrl("infra"), work], { env });
    await gitIn("commit", "-q", "--allow-empty", "-m", "first");
    await gitIn("push", "-q", "origin", "HEAD:main");
    await gitIn("notes", "--ref=slipway", "add", "-m", "applied");
    await gitIn("push", "-q", "origin", "refs/notes/slipway", "HEAD:refs/slipway/state");
    const refs = await gitIn("ls-remote", "origin");
    for (const ref of ["refs/heads/main", "refs/notes/slipway", "refs/slipway/state"])
      assert.match(refs, new RegExp(ref));
    assert.notEqual((await run(["git", "ls-remote", url], { env })).code, 0);
    git.fault("500");
    assert.match((await run(["git", "ls-remote", git.loginUrl("infra")], { env })).stderr, /500/);
    git.fault("hang");
    assert.equal(
      (await run(["git", "ls-remote", git.loginUrl("infra")], { env, timeoutMs: 300 })).code,
      124,
    );
    git.fault(undefined);
    const fromMachine = await fleet
      .machine("web-1")
      .exec(["git", "ls-remote", git.loginUrl("infra")]);
    assert.equal(fromMachine.stdout, refs);
  });

  it("stands beside another fleet and leaves nothing behind", async () => {
    const server = createServer((_request, answer) => void answer.end("from the host"));
    const other = await bootFleet({ machines: ["web-1"] });
    try {
      assert.notEqual(other.hostAddress, fleet.hostAddress);
      assert.notEqual(other.machine("web-1").hostKey, fleet.machine("web-1").hostKey);
      await new Promise<void>((resolve) => server.listen(0, other.hostAddress, resolve));
      const crossing = ["busybox", "nc", "-w", "1", fleet.machine("web-1").privateAddress, "22"];
      assert.notEqual(
        (await other.machine("web-1").exec(crossing)).code,
        0,
        "fleets must not reach each other",
      );
      assert((await remains(other)).length > 0, "the search for remains finds a living fleet");
    } finally {
      server.close();
      await other.down();
    }
    await until("everything gone", async () =>
      (await remains(other)).length === 0 ? true : undefined,
    ).catch(async (error: unknown) =>
      assert.fail(`${String(error)}: ${(await remains(other)).join(", ")}`),
    );
    await app(`http://${fleet.machine("web-1").address}/`);
  });
});

/** Whatever of a fleet can still be found on this host. */
async function remains({ prefix, dir }: Fleet): Promise<string[]> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .filter((line) => line.includes(dir));
  const links = Object.keys(networkInterfaces()).filter((name) => name.startsWith(`${prefix}-`));
  const spaces = (await run(["ip", "netns", "list"])).stdout
    .split("\n")
    .filter((line) => line.includes(prefix));
  const groups = (await run(["find", "/sys/fs/cgroup", "-path", `*/slipway-fleet-${prefix}*`]))
    .stdout;
  const processes: string[] = [];
  for (const pid of await readdir("/proc")) {
    const command = await readFile(join("/proc", pid, "cmdline"), "utf8").catch(() => "");
    if (command.includes(dir) || command.endsWith(`\0${prefix}\0`))
      processes.push(command.replaceAll("\0", " "));
  }
  const folder = await readdir(dir).then(
    () => [dir],
    () => [],
  );
  return [
    ...mounts,
    ...links,
    ...spaces,
    ...groups.split("\n").filter(Boolean),
    ...processes,
    ...folder,
  ];
}
