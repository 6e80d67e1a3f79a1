import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { machineFile } from "../support/infra.ts";
import { openSite, type Site } from "../support/site.ts";

const path = "/var/lib/slipway/acme/swap";

/** On a machine of its own, as no file of an overlay can be swapped to. */
describe("swap of a machine", { timeout: 600_000 }, () => {
  let site: Site;

  const run = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await site.fleet
      .machine("web-1")
      .exec(["sh", "-c", script], { timeoutMs: 60_000 });
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  /** The list of all swap is the host's. */
  const inUse = (): Promise<string> =>
    run(`swapon --show=NAME,SIZE --bytes --noheadings | awk '$1 == "${path}" { print $1, $2 }'`);
  const declare = async (more: string): Promise<string> =>
    await site.commit("Swap", { "machines/web-1.yaml": machineFile(site.fleet, "web-1", more) });

  before(async () => {
    site = await openSite({ machines: [{ name: "web-1", bare: "engine", copied: true }] }, {});
  });
  after(async () => {
    await site?.close();
  });

  test("is as declared, heals, and goes", async () => {
    const former = await run("cat /etc/fstab");
    const declared = await declare("swap: 8m\n");
    await site.settle();
    assert.equal(await inUse(), `${path} ${8 * 1024 ** 2 - 4096}`);
    assert.match(await run("cat /etc/fstab"), new RegExp(`# slipway acme swap\n${path} none swap`));
    assert.equal(await run(`stat -c '%a %U' ${path}`), "600 root");

    await run(`swapoff ${path}; sed -i '/none swap/d' /etc/fstab; echo '# kept' >>/etc/fstab`);
    const [change] = changesOf(await site.by((controller) => controller.plan()));
    assert.equal(change?.reason.text, "swap is not as declared");
    assert.equal(change.reason.where?.line, 4);
    await site.settle();
    assert.match(await run("cat /etc/fstab"), /# kept/);

    await declare("swap: 12m\n");
    await site.settle();
    assert.equal(await inUse(), `${path} ${12 * 1024 ** 2 - 4096}`);

    await site.infra.revert("HEAD");
    await site.infra.revert(declared);
    await site.settle();
    assert.equal(await inUse(), "");
    assert.equal(await run("grep -v kept /etc/fstab || :"), former);
    assert.equal(await run(`ls ${path}* 2>/dev/null || :`), "");
  });

  test("is not made where there is no room for it, and a size that is none is told", async () => {
    await declare("swap: 900000g\n");
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete");
    assert.match(outcome.text, /no space left on device for it/);
    await declare("swap: lots\n");
    const { outcome: ended, findings = [] } = await site.reconcile();
    assert.equal(ended, "rejected");
    assert.match(findings.join(), /machines\/web-1\.yaml:4:7/);
  });
});
