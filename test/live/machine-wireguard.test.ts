import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { changesOf } from "../../src/model/plan.ts";
import { run } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";
import { cliEnv } from "../support/cli-env.ts";
import { openSite, type Site } from "../support/site.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

describe("the private network of a fleet", { timeout: 300_000 }, () => {
  let site: Site;
  const names = ["web-1", "web-2"];

  before(async () => {
    site = await openSite(
      { machines: names.map((name) => ({ name, bare: "engine" as const })) },
      {},
    );
  });
  after(async () => {
    await site?.close();
  });

  const on = async (machine: string, ...argv: string[]): Promise<string> =>
    (await site.fleet.machine(machine).exec(argv)).stdout.trim();
  const fileOf = (name: string, more: string): string => {
    const { address, hostKey } = site.fleet.machine(name);
    return `address: ${address}\nhostKey: ${hostKey}\n${more}`;
  };
  /** Whether its sshd greets by the private network. */
  const meets = async (from: string, address: string): Promise<boolean> =>
    (
      await site.fleet
        .machine(from)
        .exec(["timeout", "2", "bash", "-c", 'read -r line <"/dev/tcp/$1/22"', "bash", address])
    ).code === 0;
  const peersOf = (machine: string): Promise<string> =>
    on(machine, "wg", "show", "slipway-acme", "allowed-ips");

  test("says what is missing, and takes no network that another interface leads to", async () => {
    const declared = await site.commit("Private network", {
      "machines/web-1.yaml": fileOf("web-1", "wireguard: { address: 10.90.0.1/24 }\n"),
    });
    const told = async (): Promise<string> => {
      const { outcome, text } = await site.reconcile();
      assert.equal(outcome, "incomplete");
      return text;
    };
    await on("web-1", "mv", "/usr/bin/wg", "/usr/bin/wg.away");
    assert.match(await told(), /there is no `wg`, which wireguard needs: install wireguard-tools/);
    await on("web-1", "mv", "/usr/bin/wg.away", "/usr/bin/wg");
    await on("web-1", "ip", "address", "add", "10.90.0.200/24", "dev", "eth1");
    assert.match(await told(), /another interface leads to 10\.90\.0\.1\/24: .* dev eth1/);
    await on("web-1", "ip", "address", "del", "10.90.0.200/24", "dev", "eth1");
    await site.settle();
    await site.infra.revert(declared);
    await site.settle();
  });

  test("comes up, heals, keeps who is down, and leaves nothing", async () => {
    const bare = await site.commit("Without", {
      "machines/web-1.yaml": fileOf("web-1", ""),
      "machines/web-2.yaml": fileOf("web-2", "firewall: {}\n"),
    });
    assert.ok(bare);
    await site.settle();
    const declared = await site.commit("Private network", {
      "machines/web-1.yaml": fileOf("web-1", "wireguard: { address: 10.90.0.1/24 }\n"),
      "machines/web-2.yaml": fileOf(
        "web-2",
        "firewall: {}\nwireguard: { address: 10.90.0.2/24, port: 51999 }\n",
      ),
    });
    const first = await site.by((controller) => controller.plan());
    assert.deepEqual(first.awaiting, [
      "machine/web-1/wireguard/web-2",
      "machine/web-2/wireguard/web-1",
    ]);
    const { stdout } = await run([bin, "plan"], {
      env: {
        ...cliEnv(site.fleet.dir, site.infra.repo),
        SLIPWAY_SSH_KEY: site.fleet.sshKeyFile,
      },
    });
    assert.match(stdout, /it is not in the private network.*web-1\.yaml:3/);
    assert.match(stdout, /machine\/web-1\/wireguard\/web-2.*: looked at after these changes/);
    await site.settle();
    await until("they meet", async () => (await meets("web-1", "10.90.0.2")) || undefined);
    assert.equal(await meets("web-2", "10.90.0.1"), true);
    assert.equal(
      await on("web-1", "stat", "-c", "%a %U", "/var/lib/slipway/acme/wireguard/key"),
      "600 root",
    );
    assert.equal(
      await on("web-1", "grep", "-c", "PrivateKey", "/etc/wireguard/slipway-acme.conf"),
      "0",
    );
    assert.match(await on("web-1", "getent", "hosts", "web-2"), /^10\.90\.0\.2 /);

    const [key = ""] = (await peersOf("web-1")).split("\t");
    await on("web-1", "wg", "set", "slipway-acme", "peer", key, "remove");
    await on("web-2", "ip", "link", "delete", "dev", "slipway-acme");
    const plan = await site.by((controller) => controller.plan());
    assert.deepEqual(
      changesOf(plan).map(({ address, reason, fields }) => [
        address,
        reason.text,
        reason.where?.line,
        fields,
      ]),
      [
        ["machine/web-2/wireguard", "its part in the private network is gone, or half made", 4, []],
        [
          "machine/web-1/wireguard",
          "its private network is not as declared",
          3,
          [{ path: "peers.web-2", declared: "10.90.0.2/32" }],
        ],
      ],
    );
    await site.settle();
    await until("they meet again", async () => (await meets("web-1", "10.90.0.2")) || undefined);

    await site.fleet.machine("web-2").faults.kill();
    const outcome = await site.reconcile();
    assert.equal(outcome.changes, 0, JSON.stringify(outcome));
    assert.equal(await peersOf("web-1"), `${key}\t10.90.0.2/32`);
    await site.fleet.machine("web-2").faults.start();
    await until(
      "it is back after its boot",
      async () => (await meets("web-1", "10.90.0.2")) || undefined,
    );
    await site.settle();

    await site.infra.revert(declared);
    await site.settle();
    for (const name of names) {
      assert.equal(await on(name, "ls", "/etc/wireguard"), "");
      assert.equal(await on(name, "sh", "-c", "ip -o link show | grep -c slipway || :"), "0");
      assert.equal(
        await on(name, "sh", "-c", "find /etc/systemd -name '*slipway-acme*' | grep wg- || :"),
        "",
      );
      assert.equal(
        await on(name, "sh", "-c", "ls /var/lib/slipway/acme | grep wireguard || :"),
        "",
      );
    }
  });

  test("is put back by the machine where it takes over the way to it, and not tried again", async () => {
    const [host = ""] = site.fleet.registry?.address.split(":") ?? [];
    // Our own address is in it, the machines' are not.
    const address = host.replace(/\d+$/, "2/29");
    const declared = await site.commit("Takes our way", {
      "machines/web-1.yaml": fileOf("web-1", `wireguard: { address: ${address} }\n`),
    });
    const outcome = await site.reconcile(undefined, { trialMs: 12_000 });
    assert.equal(outcome.outcome, "reverted", JSON.stringify(outcome));
    assert.match(outcome.text, /^web-1: the private network as declared would lock us out/);
    assert.equal(await on("web-1", "ls", "/etc/wireguard"), "");
    assert.equal(await on("web-1", "sh", "-c", "ip -o link show | grep -c slipway || :"), "0");
    assert.equal((await site.reconcile()).outcome, "reverted");
    const last = await site.reconcile();
    assert.deepEqual([last.outcome, last.changes], ["reverted", 0], JSON.stringify(last));
    await site.infra.revert(declared);
    await site.settle();
  });

  test("comes up without systemd, and goes", async () => {
    const [here, away] = ["/run/systemd/system", "/run/systemd/system.away"];
    for (const name of names) await on(name, "mv", here, away);
    try {
      const declared = await site.commit("Private network", {
        "machines/web-1.yaml": fileOf("web-1", "wireguard: { address: 10.90.0.1/24 }\n"),
        "machines/web-2.yaml": fileOf(
          "web-2",
          "firewall: {}\nwireguard: { address: 10.90.0.2/24 }\n",
        ),
      });
      await site.settle();
      await until("they meet", async () => (await meets("web-1", "10.90.0.2")) || undefined);
      await on("web-1", "ip", "link", "delete", "dev", "slipway-acme");
      await site.settle();
      await until("they meet again", async () => (await meets("web-1", "10.90.0.2")) || undefined);
      await site.infra.revert(declared);
      await site.settle();
      for (const name of names) {
        assert.equal(await on(name, "ls", "/etc/wireguard"), "");
        assert.equal(await on(name, "sh", "-c", "ip -o link show | grep -c slipway || :"), "0");
        assert.equal(await on(name, "ls", "/var/lib/slipway/acme/before"), "");
      }
    } finally {
      for (const name of names) await on(name, "mv", away, here);
    }
  });
});
