import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { machineFile } from "../support/infra.ts";
import { openSite, type Site } from "../support/site.ts";

describe("a machine as its file says", () => {
  let site: Site;

  const machine = () => site.fleet.machine("web-1");
  const run = async (...argv: string[]): Promise<string> =>
    (await machine().exec(argv)).stdout.trim();
  const declare = async (more: string): Promise<string> =>
    await site.commit("Machine", {
      "machines/web-1.yaml": machineFile(site.fleet, "web-1", more),
    });

  before(async () => {
    site = await openSite({ machines: ["web-1"] }, {});
  });
  after(async () => {
    await site?.close();
  });

  test("has the kernel's settings, heals them, and gets back what was before", async () => {
    const value = (): Promise<string> => run("cat", "/proc/sys/net/core/somaxconn");
    const former = await value();
    const declared = await declare(
      "sysctl: { net.core.somaxconn: 1234, net.ipv4.ip_forward: 1 }\n",
    );
    await site.settle();
    assert.equal(await value(), "1234");
    await run("sh", "-c", "echo 99 >/proc/sys/net/core/somaxconn; rm /etc/sysctl.d/90-slipway-*");
    const plan = await site.by((controller) => controller.plan());
    assert.deepEqual(
      changesOf(plan).map(({ address, reason }) => `${address}: ${reason.text}`),
      [
        "machine/web-1/sysctl/net.ipv4.ip_forward: net.ipv4.ip_forward is not as declared",
        // Its value is another as well, so it is tried, which comes after.
        "machine/web-1/sysctl/net.core.somaxconn: net.core.somaxconn is not as declared",
      ],
    );
    assert.match(changesOf(plan)[0]?.reason.where?.file ?? "", /machines\/web-1\.yaml$/);
    await site.settle();
    assert.equal(await value(), "1234");
    await site.infra.revert(declared);
    await site.settle();
    assert.equal(await value(), former);
    assert.equal(await run("sh", "-c", "ls /etc/sysctl.d | grep -c slipway || :"), "0");
    assert.equal(await run("ls", "/var/lib/slipway/acme/before"), "");
  });

  test("says what the kernel does not take", async () => {
    const declared = await declare("sysctl: { net.core.nonesuch: 1 }\n");
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete");
    assert.match(outcome.text, /nonesuch/);
    await site.infra.revert(declared);
    await site.settle();
  });
});
