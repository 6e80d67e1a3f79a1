import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { changesOf, type Plan } from "../../src/model/plan.ts";
import { run } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";
import { cliEnv } from "../support/cli-env.ts";
import { forwardTo } from "../support/forwarding.ts";
import { machineFile } from "../support/infra.ts";
import { openSite, type Site } from "../support/site.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

describe("a machine's firewall", () => {
  let site: Site;
  let container = "";

  const machine = (name = "web-1") => site.fleet.machine(name);
  const command = async (...argv: string[]): Promise<string> =>
    (await machine().exec(argv)).stdout.trim();
  const declare = async (more: string, trailer = ""): Promise<string> =>
    await site.commit(`Machine${trailer}`, {
      "machines/web-1.yaml": machineFile(site.fleet, "web-1", more),
    });

  /** Which of these addresses and ports answer at once when web-2 asks. */
  const reached = async (places: readonly string[]): Promise<readonly string[]> => {
    const script = `for place; do
      (curl -s -o /dev/null --connect-timeout 1 "http://$place/up" && echo "$place") &
    done; wait`;
    const { stdout } = await machine("web-2").exec(["sh", "-c", script, "sh", ...places]);
    return stdout.split("\n").filter(Boolean).toSorted();
  };
  const on = (address: string, ...ports: number[]): readonly string[] =>
    ports.map((port) => `${address}:${port}`).toSorted();
  const outside = (...ports: number[]) => on(machine().address, ...ports);
  const inside = (...ports: number[]) => on(machine().privateAddress, ...ports);

  /** All rules of the machine, without what is counted. */
  const ruleset = async (): Promise<string> => await command("nft", "-s", "list", "ruleset");

  before(async () => {
    site = await openSite({ machines: ["web-1", "web-2"] }, { "1": {} });
    const app = (name: string, more: string): string =>
      `image: ${site.image("1")}\nmachines: web-1\nhealth: off\ndeploy: { stopTimeout: 1s }\nenv: { NAME: ${name} }\n${more}`;
    await site.commit("Apps", {
      "apps/shop.yaml": app("shop", 'publish: ["public:8081:8080", "8082:8080"]\n'),
      "apps/agent.yaml": app("agent", "network: host\n"),
    });
    await site.settle();
    // Somebody's own, of which no file speaks.
    await machine().docker(["run", "-d", "--name", "own", "-p", "9000:8080", site.image("1")]);
    const inspect = "{{.NetworkSettings.IPAddress}}";
    container = (await machine().docker(["inspect", "-f", inspect, "own"])).trim();
    await machine("web-2").exec([
      "ip",
      "route",
      "add",
      `${container}/32`,
      "via",
      machine().address,
    ]);
  });
  after(async () => {
    await site?.close();
  });

  test("closes what is outside but for what is declared, and opens all again", async () => {
    const ports = [8080, 8081, 9000, 9999];
    const linkLocal = /inet6 (fe80:\S+)\//.exec(await command("ip", "addr", "show", "eth0"))?.[1];
    const byIpv6 = on(`[${linkLocal}%25eth0]`, 9000);
    const all = [
      ...outside(...ports),
      ...byIpv6,
      ...on(container, 8080),
      ...inside(8080, 8081, 8082, 9000),
    ];
    const open = [
      ...outside(8080, 8081, 9000),
      ...byIpv6,
      ...on(container, 8080),
      ...inside(8080, 8081, 8082, 9000),
    ].toSorted();
    const before = await ruleset();
    assert.deepEqual(await reached(all), open);

    const declared = await declare("firewall: {}\n");
    await site.settle();
    assert.deepEqual(
      await reached(all),
      [...outside(8081), ...inside(8080, 8081, 8082, 9000)].toSorted(),
    );
    const egress = `http://${site.fleet.registry?.address}/v2/`;
    const argv = ["exec", "own", "wget", "-qO-", egress];
    assert.equal((await machine().docker(argv)).trim(), "{}");

    await site.infra.revert(declared);
    await site.settle();
    assert.deepEqual(await reached(all), open);
    assert.equal(await ruleset(), before);
    assert.equal(await command("sh", "-c", "ls /var/lib/slipway/acme | grep firewall || :"), "");
  });

  const told = (plan: Plan): readonly string[] => [
    ...changesOf(plan).map(({ address, reason: { text, where } }) =>
      [address, text, `${where?.file}:${where?.line}`].join(" | "),
    ),
    ...plan.held.map(({ text, needs }) => `held: ${text}; needs ${needs}`),
    ...plan.unknown.map(({ address, why }) => `unknown: ${address}: ${why}`),
  ];
  const planned = async (): Promise<readonly string[]> =>
    told(await site.by((controller) => controller.plan()));

  test("opens what its file allows, and wider only where a commit says so", async () => {
    const from = (address: string): string =>
      `firewall: { allow: [{ port: 9000, from: ${address} }] }\n`;
    await declare(from("203.0.113.0/24"));
    await site.settle();
    assert.deepEqual(await reached(outside(8081, 9000)), outside(8081));

    await declare(from(machine("web-2").address));
    const held = await site.reconcile();
    assert.equal(held.outcome, "held");
    assert.match(held.text, /Slipway-Allow: widen machine\/web-1: it would open tcp 9000 from /);
    assert.deepEqual(await reached(outside(9000)), []);
    // What does not open it wider is done all the same.
    await command("nft", "insert rule inet slipway-acme prerouting tcp dport 8080 accept");
    assert.deepEqual(await reached(outside(8080)), outside(8080));
    assert.equal((await site.reconcile()).outcome, "held");
    assert.deepEqual(await reached(outside(8080, 9000)), []);

    await declare(from(machine("web-2").address), "\n\nSlipway-Allow: widen machine/web-1");
    await site.settle();
    assert.deepEqual(await reached(outside(9000)), outside(9000));

    await declare("firewall: {}\n");
    await site.settle();
    assert.deepEqual(await reached(outside(9000)), []);

    await declare("labels: { role: web }\n");
    assert.deepEqual(await planned(), [
      "held: it would open all ports to the outside; needs Slipway-Allow: widen machine/web-1",
    ]);
    // Open at the machine is not open behind it.
    const allowed = "firewall: { allow: [{ port: 8080 }, { port: 7000-7010, protocol: udp }] }\n";
    await declare(allowed, "\n\nSlipway-Allow: widen machine/web-1");
    await site.settle();
    const places = [...outside(8080), ...on(container, 8080)];
    assert.deepEqual(await reached(places), outside(8080));
    await declare("labels: { role: web }\n");

    const { stdout } = await run([bin, "plan"], {
      env: {
        ...cliEnv(site.fleet.dir, site.infra.repo),
        SLIPWAY_SSH_KEY: site.fleet.sshKeyFile,
      },
    });
    assert.match(stdout, /Slipway-Allow: widen machine\/web-1/);
    assert.match(stdout, /shop:8081 .*anyone/);
    await declare("firewall: {}\n");
    await site.settle();
  });

  test("comes back when it is changed by hand, and says that the engine's rules are gone", async () => {
    await command("nft", "insert rule inet slipway-acme prerouting tcp dport 9000 accept");
    assert.deepEqual(await reached(outside(9000)), outside(9000));
    const place = "machines/web-1.yaml:4";
    assert.deepEqual(await planned(), [
      `machine/web-1/firewall | the firewall's rules were changed by hand | ${place}`,
    ]);
    await site.settle();
    assert.deepEqual(await reached(outside(9000)), []);

    // As where a pass was cut before it had written what it made.
    await command(
      "sh",
      "-c",
      "cd /var/lib/slipway/acme/firewall && rm made rules.nft && touch next.nft",
    );
    assert.match((await planned())[0] ?? "", /eth0 is closed but for what is declared/);
    await site.settle();
    assert.equal(await command("ls", "/var/lib/slipway/acme/firewall"), "made\nrules.nft");

    await command("nft", "flush", "ruleset");
    assert.deepEqual(await reached(outside(8080)), outside(8080));
    const engine =
      "held: the engine's own rules are gone, so that published ports and containers' networks do not work; needs a restart of the engine there: `systemctl restart docker`";
    assert.deepEqual(await planned(), [
      `machine/web-1/firewall | the firewall's table is gone | ${place}`,
      engine,
    ]);
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "held", outcome.text);
    assert.match(outcome.text, /systemctl restart docker/);
    assert.deepEqual(await reached(outside(8080, 9000)), []);
    assert.deepEqual(await planned(), [engine]);
    await machine().faults.stopDockerd();
    await machine().faults.startDockerd();
    await machine().docker(["start", "own"]);
    await until("shop is published again", async () => (await reached(outside(8081))).length === 1);
    await site.settle();
    assert.deepEqual(await reached(outside(8080, 8081, 9000)), outside(8081));
  });

  test("closes a public port of an app only once its container has another", async () => {
    const shop = (tag: string, port: number): Readonly<Record<string, string>> => ({
      "apps/shop.yaml": `image: ${site.image(tag)}\nmachines: web-1\nhealth: off\ndeploy: { stopTimeout: 1s }\nenv: { NAME: shop }\npublish: ["public:${port}:8080", "8082:8080"]\n`,
    });
    await site.commit("Another port, and an image that is not there", shop("none", 8091));
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete", outcome.text);
    assert.deepEqual(await reached(outside(8081, 8091)), outside(8081));

    await site.commit("The image that was meant", shop("1", 8091));
    await site.settle();
    assert.deepEqual(await reached(outside(8081, 8091)), outside(8091));
    await site.commit("The former port", shop("1", 8081));
    await site.settle();
    assert.deepEqual(await reached(outside(8081, 8091)), outside(8081));
  });

  test("lets the other machines in where one interface is both sides", async () => {
    const { privateAddress, hostKey } = machine();
    await site.commit("One side", {
      "machines/web-1.yaml": `address: ${privateAddress}\nhostKey: ${hostKey}\nfirewall: {}\n`,
    });
    await site.settle();
    const fromHost = async (port: number): Promise<boolean> =>
      await fetch(`http://${privateAddress}:${port}/up`, {
        signal: AbortSignal.timeout(1_000),
      })
        .then((answer) => answer.ok)
        .catch(() => false);
    assert.deepEqual(await reached(inside(8082, 9000)), inside(8082, 9000));
    assert.equal(await fromHost(8081), true);
    assert.equal(await fromHost(9000), false);
    await declare("firewall: {}\n");
    await site.settle();
    assert.equal(await fromHost(9000), true);
  });

  test("keeps the port by which the connection comes, whatever port its file says", async () => {
    const router = await forwardTo(machine().address, 22);
    try {
      const { privateAddress, hostKey } = machine();
      const ssh = `{ user: deploy, port: ${router.port} }`;
      await site.commit("Behind a router", {
        "machines/web-1.yaml": `address: 127.0.0.1\nprivateAddress: ${privateAddress}\nhostKey: ${hostKey}\nssh: ${ssh}\nfirewall: {}\n`,
      });
      await site.settle();
      const open = await command("grep", "^# open", "/var/lib/slipway/acme/firewall/rules.nft");
      assert.match(open, /"tcp 22",/);
    } finally {
      router.close();
    }
    await declare("firewall: {}\n");
    await site.settle();
  });

  test("is put back where it would lock us out, and not tried again", async () => {
    const former = await command("nft", "-s", "list", "table", "inet", "slipway-acme");
    // Two routers that translate ports: what arrives is neither the file's port nor the one that sshd knows.
    await command(
      "nft",
      "table ip routers { chain prerouting { type nat hook prerouting priority dstnat; tcp dport 2200 redirect to :22; }; }",
    );
    const router = await forwardTo(machine().privateAddress, 2200);
    // A second way out: from now on the side by which we come is outside as well.
    const route = ["default", "dev", "eth1", "metric", "900"];
    await command("ip", "route", "add", ...route);
    try {
      const { privateAddress, hostKey } = machine();
      await site.commit("Behind routers", {
        "machines/web-1.yaml": `address: 127.0.0.1\nprivateAddress: ${privateAddress}\nhostKey: ${hostKey}\nssh: { port: ${router.port} }\nfirewall: {}\n`,
      });
      const outcome = await site.reconcile();
      assert.equal(outcome.outcome, "reverted", outcome.text);
      assert.match(outcome.text, /the firewall as declared would lock us out, and was put back/);
      assert.equal(await command("nft", "-s", "list", "table", "inet", "slipway-acme"), former);
      const again = await site.reconcile();
      assert.equal(again.changes, 0, JSON.stringify(again));
      assert.match(JSON.stringify(again.held), /needs another declaration/);
    } finally {
      router.close();
      await command("ip", "route", "del", ...route);
      await command("nft", "delete", "table", "ip", "routers");
    }
    await declare("firewall: {}\n");
    await site.settle();
  });

  test("does not fight another that minds the ports, and says what is missing", async () => {
    const conf = "mkdir -p /etc/ufw && echo ENABLED=yes >/etc/ufw/ufw.conf";
    const stub = "printf '#!/bin/sh\\n' >/usr/local/sbin/ufw && chmod +x /usr/local/sbin/ufw";
    await command("sh", "-c", `${conf} && ${stub} && nft delete table inet slipway-acme`);
    assert.deepEqual(await planned(), [
      "held: ufw minds the ports there, and both would not know of each other; needs `ufw disable` there, or no firewall in the machine's file",
    ]);
    await command("rm", "-r", "/etc/ufw", "/usr/local/sbin/ufw");
    await command("mv", "/usr/sbin/nft", "/usr/sbin/nft.away");
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete");
    assert.match(outcome.text, /there is no `nft`, which a firewall needs: install nftables/);
    await command("mv", "/usr/sbin/nft.away", "/usr/sbin/nft");
    await site.settle();
  });
});

describe("a machine's firewall under systemd", { timeout: 300_000 }, () => {
  let site: Site;

  before(async () => {
    site = await openSite({ machines: [{ name: "web-1", bare: "engine" }] }, {});
  });
  after(async () => {
    await site?.close();
  });

  test("is there after a reboot, and when all rules are loaded anew, and leaves nothing", async () => {
    const machine = site.fleet.machine("web-1");
    const command = async (...argv: string[]): Promise<string> =>
      (await machine.exec(argv)).stdout.trim();
    const tables = (): Promise<string> => command("nft", "list", "tables", "inet");
    await site.settle();
    const declared = await site.commit("Firewall", {
      "machines/web-1.yaml": machineFile(site.fleet, "web-1", "firewall: {}\n"),
    });
    await site.settle();
    assert.match(await tables(), /slipway-acme/);
    await command("systemctl", "start", "nftables");
    await command("systemctl", "restart", "nftables");
    await until("it is loaded again", async () => (await tables()).includes("slipway-acme"));
    await command("systemctl", "enable", "nftables");
    await machine.faults.kill();
    await machine.faults.start();
    assert.match(await tables(), /slipway-acme/);
    await site.settle();

    const unit = "slipway-acme-firewall.service";
    await command("systemctl", "disable", unit);
    const plan = await site.by((controller) => controller.plan());
    assert.deepEqual(
      changesOf(plan).map((c) => c.fields),
      [[{ path: "at boot", declared: "loaded", live: "otherwise" }]],
    );
    await site.settle();
    assert.equal(await command("systemctl", "is-enabled", unit), "enabled");

    await site.infra.revert(declared);
    await site.settle();
    assert.equal(await command("systemctl", "is-enabled", unit), "");
    assert.doesNotMatch(await tables(), /slipway/);
  });
});
