import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { settingsFile } from "../support/infra.ts";
import { sealing, type Sealing } from "../support/sealed.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";

describe("files of a machine", () => {
  let stage: Stage;
  let key: Sealing;
  let env: NodeJS.ProcessEnv;

  const slipway = async (...argv: readonly string[]): Promise<Ran> =>
    await stage.slipway(argv, { env });
  const on = async (...argv: readonly string[]): Promise<string> => {
    const ran = await stage.fleet.machine("web-1").exec(argv);
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout;
  };
  const sh = (script: string): Promise<string> => on("sh", "-c", script);
  const seen = (path: string): Promise<string> => on("stat", "-c", "%a %U:%G", path);
  const converge = async (): Promise<void> => {
    const ran = await slipway("reconcile");
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    const plan = await slipway("plan", "--exit-code");
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
  };
  const declare = async (
    files: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> =>
    await stage.commit("Files", {
      "machines/web-1.yaml": stage.machineFile("web-1", `files: ${files}\n`),
      ...more,
    });

  before(async () => {
    stage = await openStage({ machines: ["web-1"] });
    key = await sealing();
    const file = join(stage.clone, "..", "fleet.agekey");
    await writeFile(file, `${key.identity}\n`, { mode: 0o600 });
    env = { ...stage.env, SLIPWAY_AGE_KEY: file };
    await stage.commit("Machines", {
      "slipway.yaml": settingsFile("acme"),
      "machines/web-1.yaml": stage.machineFile("web-1"),
    });
    await sh("echo before >/etc/motd; chown root:adm /etc/motd; chmod 640 /etc/motd");
  });
  after(async () => {
    await stage?.close();
  });

  test("are as declared, heal, and what was before comes back", async () => {
    const declared = await declare(
      `
  /etc/motd: motd.txt
  /etc/acme/app.conf: { from: conf/app.conf, mode: "0640", owner: "root:adm" }
  /etc/acme/tls.key: { secret: shop.TLS_KEY, mode: "0600", owner: "1:adm" }
  /etc/acme/whole: { secret: whole.age }`,
      {
        "machines/motd.txt": "hello\n",
        "machines/conf/app.conf": "x=1\n",
        "secrets/shop.yaml": await key.file({ TLS_KEY: "canary-one" }),
        "secrets/whole.age": await key.value("canary-whole"),
      },
    );
    await converge();
    assert.equal(await on("cat", "/etc/motd"), "hello\n");
    assert.equal(await seen("/etc/motd"), "644 root:root\n");
    assert.equal(await seen("/etc/acme"), "755 root:root\n");
    assert.equal(await on("cat", "/etc/acme/app.conf"), "x=1\n");
    assert.equal(await seen("/etc/acme/app.conf"), "640 root:adm\n");
    assert.equal(await on("cat", "/etc/acme/tls.key"), "canary-one");
    assert.equal(await seen("/etc/acme/tls.key"), "600 daemon:adm\n");
    assert.equal(await on("cat", "/etc/acme/whole"), "canary-whole");

    await sh("cd /etc/acme; echo canary-live >tls.key; chmod 644 app.conf; rm whole");
    const { stdout } = await slipway("plan");
    assert.match(stdout, /files etc\/acme\/tls\.key on web-1/);
    assert.match(stdout, /other content/);
    assert.match(stdout, /machines\/web-1\.yaml:7/);
    assert.match(stdout, /0640/);
    assert.doesNotMatch(stdout, /canary/);
    await converge();
    assert.equal(await on("cat", "/etc/acme/tls.key"), "canary-one");
    assert.equal(await seen("/etc/acme/app.conf"), "640 root:adm\n");

    await stage.commit("Rotate", {
      "secrets/shop.yaml": await key.file({ TLS_KEY: "canary-two" }),
    });
    await converge();
    assert.equal(await on("cat", "/etc/acme/tls.key"), "canary-two");
    await stage.revert("HEAD");
    await stage.revert(declared);
    await converge();
    assert.equal(await on("cat", "/etc/motd"), "before\n");
    assert.equal(await seen("/etc/motd"), "640 root:adm\n");
    assert.equal(await sh("ls -d /etc/acme* 2>/dev/null || :"), "");
    assert.equal(await on("ls", "-A", "/var/lib/slipway/acme/before"), "");
  });

  test("leave folders, links and unknown owners alone", async () => {
    await sh("mkdir -p /etc/taken; ln -sf /etc/passwd /etc/linked; ln -sfn /proc/1 /etc/away");
    const to = "motd.txt";
    const taken = await declare(
      `{ /etc/taken: ${to}, /etc/linked: ${to}, /etc/away/x: ${to}, /etc/own: { from: ${to}, owner: nobody-here } }`,
      { "machines/motd.txt": "hello\n" },
    );
    const ran = await slipway("reconcile");
    assert.equal(ran.code, 1);
    const said = ran.stdout + ran.stderr;
    assert.match(said, /\/etc\/taken is a folder/);
    assert.match(said, /\/etc\/linked is a symbolic link/);
    assert.match(said, /\/etc\/away\/x leads into \/proc\/1/);
    assert.match(said, /invalid user/);
    assert.match(await on("cat", "/etc/linked"), /^root:/);
    const wrong = await declare("{ /etc/motd: motd.yaml }", { "machines/motd.txt": "hello\n" });
    const rejected = await slipway("reconcile");
    assert.match(rejected.stdout + rejected.stderr, /machines\/web-1\.yaml:\d+:\d+: 'motd\.yaml'/);
    await stage.revert(wrong);
    await stage.revert(taken);
    await converge();
  });

  test("that could lock us out are checked, and tried together, as settings of the network are", async () => {
    const bad = await declare("{ /etc/sudoers.d/ops: ops }", {
      "machines/ops": "ops ALL=(ALL\n",
    });
    const refused = await slipway("reconcile");
    assert.equal(refused.code, 1);
    const said = refused.stdout + refused.stderr;
    assert.match(said, /\/etc\/sudoers\.d\/ops as declared:.*1.*syntax error/);
    assert.equal(await sh("ls /etc/sudoers.d | grep ops || :"), "");
    await stage.revert(bad);
    await converge();

    const former = await sh("sysctl -n net.ipv4.ip_default_ttl net.ipv4.tcp_keepalive_time");
    const declared = await stage.commit("Guarding", {
      "machines/ops": "ops ALL=(ALL) NOPASSWD: ALL\n",
      "machines/deny": "sshd: 192.0.2.1\n",
      "machines/own.conf": "MaxAuthTries 5\n",
      "machines/web-1.yaml": stage.machineFile(
        "web-1",
        `files:
  /etc/sudoers.d/ops: { from: ops, mode: "0440" }
  /etc/hosts.deny: deny
  /etc/ssh/sshd_config.d/20-own.conf: own.conf
sysctl: { net.ipv4.ip_default_ttl: 63, net.ipv4.tcp_keepalive_time: 7000, vm.swappiness: 1 }
`,
      ),
    });
    const { stdout } = await slipway("plan");
    const marked = [
      ...stdout.matchAll(/(\S+) \S+ on web-1: .*\n(?: {7}\S.*: .*\n)* {7}! could cut us off/g),
    ];
    assert.deepEqual(
      marked.map(([, noun = ""]) => noun).toSorted((a, b) => a.localeCompare(b)),
      ["files", "files", "files", "sysctl", "sysctl"],
      stdout,
    );
    const { stderr } = await slipway("reconcile");
    assert.deepEqual(
      [...stderr.matchAll(/asks for a new connection before (.*) stays/g)].map(([, of]) => of),
      [
        "net.ipv4.ip_default_ttl and net.ipv4.tcp_keepalive_time",
        "/etc/hosts.deny, /etc/ssh/sshd_config.d/20-own.conf and /etc/sudoers.d/ops",
      ],
      stderr,
    );
    await converge();
    assert.equal(await sh("sysctl -n net.ipv4.ip_default_ttl"), "63\n");
    assert.match(await sh("ls /etc/sudoers.d"), /^ops$/m);
    await stage.revert(declared);
    await converge();
    assert.equal(await sh("sysctl -n net.ipv4.ip_default_ttl net.ipv4.tcp_keepalive_time"), former);
    assert.equal(await sh("ls /etc/ssh/sshd_config.d/20* /etc/sudoers.d/ops 2>/dev/null || :"), "");
    assert.equal(await on("ls", "-A", "/var/lib/slipway/acme/before"), "");
  });
});
