import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { changesOf, type Plan } from "../../src/model/plan.ts";
import { until } from "../fleet/wait.ts";
import { cliEnv } from "../support/cli-env.ts";
import { machineFile } from "../support/infra.ts";
import { noFailure, openProxiedSite, type ProxiedSite } from "../support/proxied-site.ts";

const bin = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

/** A month that is not this one: what begins in it is far off, or over. */
const otherMonth = ((new Date().getUTCMonth() + 6) % 12) + 1;
const closed = `window: { schedule: "0 3 1 ${otherMonth} *", for: 1h }`;
const open = 'window: { schedule: "* * * * *", for: 1h }';

describe("a machine that has to be rebooted", { timeout: 600_000 }, () => {
  let site: ProxiedSite;
  const machines = ["web-1", "web-2"];

  const said = async (machine: string, script: string): Promise<string> => {
    const { code, stdout, stderr } = await site.fleet.machine(machine).exec(["sh", "-c", script]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout.trim();
  };
  const boots = async (): Promise<readonly string[]> =>
    await Promise.all(machines.map((one) => said(one, "cat /proc/sys/kernel/random/boot_id")));
  const ask = async (): Promise<void> => {
    for (const one of machines) await said(one, "touch /run/reboot-required");
  };
  const declare = async (
    more: string | Readonly<Record<string, string>>,
    message = "Machines",
  ): Promise<string> =>
    await site.commit(
      message,
      Object.fromEntries(
        ["edge", ...machines].map((one) => {
          const own = typeof more === "string" ? (one === "edge" ? "" : more) : more[one];
          return [`machines/${one}.yaml`, machineFile(site.fleet, one, own)];
        }),
      ),
    );
  const settings = async (via?: string): Promise<string> => {
    const where = via === undefined ? "" : `, via: ${via}`;
    return `fleet: acme\nproxy: { image: "${await site.proxyImage()}"${where} }\n`;
  };
  const plan = (): Promise<Plan> => site.by((controller) => controller.plan());
  /** A pass, and which changes it began, in order. */
  const pass = async (): Promise<{ outcome: RevisionOutcome; begun: readonly string[] }> =>
    await site.by(async (controller) => {
      const outcome = await controller.reconcile();
      const begun = controller.events.flatMap((event) =>
        event.type === "change-started" ? event.change.address : [],
      );
      return { outcome, begun };
    });
  /** Passes until nothing stands in the way any more. */
  const passes = async (): Promise<readonly string[]> => {
    const all: string[] = [];
    await until(
      "all is as declared",
      async () => {
        const { outcome, begun } = await pass();
        all.push(...begun);
        return outcome.outcome === "applied" ? true : undefined;
      },
      120_000,
    );
    assert.deepEqual(changesOf(await plan()), []);
    return all;
  };
  /** A controller that dies as soon as it says something of the kind. */
  const dies = async (atText: string): Promise<void> => {
    const { repo } = site.infra;
    const argv = ["--ssh-key", site.fleet.sshKeyFile, "reconcile"];
    const child = spawn(bin, argv, { env: cliEnv(`${repo}/.git/home`, repo) });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes(atText)) child.kill("SIGKILL");
    });
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    assert.equal(signal, "SIGKILL");
  };

  before(async () => {
    site = await openProxiedSite(
      [{ name: "edge" }, ...machines.map((name) => ({ name, bare: "engine" as const }))],
      { "1": {} },
    );
    await site.commit("Shop", {
      "slipway.yaml": await settings(),
      "apps/shop.yaml": `
image: ${site.image("1")}
machines: [web-1, web-2]
port: 8080
health: { http: /up, interval: 50ms, deadline: 20s }
routes: [{ host: shop.test, tls: off }]
deploy: { stopTimeout: 5s, drain: 2s, watch: 0s }
`,
    });
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  test("waits for its window, which is no failure of what is declared", async () => {
    await declare(`reboot: { ${closed} }\n`);
    await ask();
    const before = await boots();
    const { heldUntil, held } = await site.settle();
    assert.equal(new Date(heldUntil ?? 0).getUTCMonth() + 1, otherMonth);
    assert.match(held[0]?.text ?? "", /; its window opens /);
    const [first] = (await plan()).held;
    assert.equal(first?.needs, "Slipway-Allow: reboot machine/web-1");
    assert.equal(first.where?.line, 4);
    assert.deepEqual(await boots(), before);
  });

  test("is rebooted where a commit says so, once for one need, and no other is while it is not back", async () => {
    const [one, two] = await boots();
    // It will say so for ever.
    await said(
      "web-2",
      `touch /boot/vmlinuz-$(uname -r) /boot/vmlinuz-$(uname -r | sed 's/^[0-9]*/99/')`,
    );
    // It lets nobody in for longer than its deadline.
    const late = "/etc/systemd/system/ssh.service.d/late.conf";
    await said(
      "web-2",
      `mkdir -p $(dirname ${late}) && printf '[Service]\\nExecStartPre=/bin/sleep 4\\n' >${late} && systemctl daemon-reload`,
    );
    const trailers = machines.map((machine) => `Slipway-Allow: reboot machine/${machine}`);
    await declare(
      {
        "web-1": `reboot: { ${closed} }\nafter: [web-2]\n`,
        "web-2": `reboot: { ${closed}, deadline: 1s }\n`,
      },
      `Now\n\n${trailers.join("\n")}`,
    );
    const { outcome, begun } = await pass();
    assert.equal(outcome.outcome, "incomplete");
    assert.match(JSON.stringify(outcome.troubles), /it was rebooted, and is not back within 1s/);
    assert.ok(begun.includes("machine/web-2/reboot"));
    assert.ok(!begun.includes("machine/web-1/reboot"));
    await site.fleet.machine("web-1").exec(["rm", "/run/reboot-required"]);
    const then = await passes();
    await said("web-2", `rm ${late}`);
    assert.equal(then.filter((address) => address === "machine/web-2/reboot").length, 1);
    const now = await boots();
    assert.equal(now[0], one);
    assert.notEqual(now[1], two);
    // What it had handed on to the other one it does itself again.
    const { address } = site.fleet.machine("web-2");
    assert.match(
      await said("edge", `curl -sS -H 'Host: shop.test' http://${address}/`),
      /^version=1/,
    );
  });

  test("is rebooted in its window, one after another, while the others serve and whoever dies", async () => {
    await site.commit("An edge", { "slipway.yaml": await settings("edge") });
    await site.settle();
    await ask();
    const before = await boots();
    // The window opens anew each minute: what was done of it before was in another one.
    await said("web-2", "touch -d '5 minutes ago' /var/lib/slipway/acme/reboot");
    await declare(`reboot: { ${open} }\n`);
    const { done: begun, report } = await site.underLoad(["edge"], async () => {
      await dies("reboots; it may take");
      return await passes();
    });
    noFailure(report);
    const reboots = begun.filter((address) => address.endsWith("/reboot"));
    assert.deepEqual(reboots, [
      "machine/web-1/reboot",
      "machine/web-2/reboot",
      "machine/web-2/reboot",
    ]);
    const now = await boots();
    assert.equal(now.filter((boot) => before.includes(boot)).length, 0);
    for (const one of machines) assert.equal((await site.running(one, "shop")).length, 1);
  });

  test("and what is no longer declared leaves nothing", async () => {
    await declare("");
    await site.settle();
    for (const one of machines) await said(one, "[ ! -e /var/lib/slipway/acme/reboot ]");
  });

  test("and settings wait for those of the machines that they are after, and for no others", async () => {
    const ttl = (value: number): string => `sysctl: { net.ipv4.ip_default_ttl: ${value} }\n`;
    const is = (machine: string): Promise<string> =>
      said(machine, "cat /proc/sys/net/ipv4/ip_default_ttl");
    const others = { edge: ttl(61), "web-2": `after: [web-1]\n${ttl(62)}` };
    await declare({ ...others, "web-1": "sysctl: { net.ipv4.no_such: 1 }\n" });
    const { outcome } = await pass();
    assert.equal(outcome.outcome, "incomplete");
    assert.equal(await is("edge"), "61");
    assert.equal(await is("web-2"), "64");
    const waiting = changesOf(await plan()).find(({ machine }) => machine === "web-2");
    assert.match(waiting?.reason.text ?? "", /; it waits until machine\/web-1 is as declared$/);
    await declare({ ...others, "web-1": ttl(63) });
    const { begun } = await pass();
    assert.deepEqual(
      begun.filter((address) => address.endsWith("ttl")),
      ["web-1", "web-2"].map((m) => `machine/${m}/sysctl/net.ipv4.ip_default_ttl`),
    );
    assert.deepEqual([await is("web-1"), await is("web-2")], ["63", "62"]);
    await declare("");
    await site.settle();
  });
});
