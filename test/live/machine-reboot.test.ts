import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf, type Plan } from "../../src/model/plan.ts";
import { machineFile } from "../support/infra.ts";
import { noFailure, openProxiedSite, readers, type ProxiedSite } from "../support/proxied-site.ts";

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
  const declare = async (reboot: string, message = "Reboots"): Promise<string> =>
    await site.commit(
      message,
      Object.fromEntries(
        machines.map((one) => [
          `machines/${one}.yaml`,
          machineFile(site.fleet, one, `reboot: { ${reboot} }\n`),
        ]),
      ),
    );
  const plan = (): Promise<Plan> => site.by((controller) => controller.plan());

  before(async () => {
    site = await openProxiedSite(
      [{ name: "edge" }, ...machines.map((name) => ({ name, bare: "engine" as const }))],
      { "1": {} },
    );
    await site.commit("Shop", {
      "slipway.yaml": `fleet: acme\nproxy: { image: "${await site.proxyImage()}", via: edge }\n`,
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
    await declare(closed);
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

  test("is rebooted where a commit says so, and no other", async () => {
    const [one, two] = await boots();
    await site.commit("Now\n\nSlipway-Allow: reboot machine/web-2", { "README.md": "x" });
    await site.settle();
    const now = await boots();
    assert.equal(now[0], one);
    assert.notEqual(now[1], two);
  });

  test("is rebooted in its window, one after another, while the others serve", async () => {
    await ask();
    const before = await boots();
    const { done: outcome, report } = await site.underLoad(
      ["edge"],
      async () => {
        await declare(open);
        return await site.by(async (controller) => {
          const ended = await controller.reconcile();
          const asked = controller.events.flatMap((event) =>
            event.type === "change-started" && event.change.kind === "machine/reboot"
              ? `${event.change.machine} ${event.change.reason.code}`
              : [],
          );
          assert.deepEqual(asked, [
            "web-1 reboot-needed",
            "web-1 unproven",
            "web-2 reboot-needed",
            "web-2 unproven",
          ]);
          return ended;
        });
      },
      readers,
    );
    assert.equal(outcome.outcome, "applied", JSON.stringify(outcome));
    noFailure(report, outcome);
    const now = await boots();
    assert.equal(now.filter((boot) => before.includes(boot)).length, 0);
    assert.deepEqual(changesOf(await plan()), []);
    for (const one of machines) assert.equal((await site.running(one, "shop")).length, 1);
  });
});
