import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { makeAptRepository } from "../support/apt-repository.ts";
import { machineFile } from "../support/infra.ts";
import { openSite, type Site } from "../support/site.ts";

describe("packages of a machine", () => {
  let site: Site;

  const run = async (...argv: string[]): Promise<string> =>
    (await site.fleet.machine("web-1").exec(argv)).stdout.trim();
  const versions = (): Promise<string> =>
    run(
      "sh",
      "-c",
      "dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\\n' 'slipway-*' 2>/dev/null | sed -n 's/^installed //p'",
    );
  const declare = async (packages: string, trailer = ""): Promise<string> =>
    await site.commit(`Packages${trailer}`, {
      "machines/web-1.yaml": machineFile(site.fleet, "web-1", `packages: ${packages}\n`),
    });
  const planned = async (): Promise<readonly string[]> =>
    changesOf(await site.by((controller) => controller.plan())).map(
      ({ address, reason }) => `${address}: ${reason.text}`,
    );

  before(async () => {
    site = await openSite({ machines: ["web-1"] }, {});
    await makeAptRepository(site.fleet.machine("web-1"), [
      "slipway-one 1.0-1",
      "slipway-one 1.0-2",
      "slipway-two 2.0",
    ]);
  });
  after(async () => {
    await site?.close();
  });

  test("come by apt, heal, and go where a commit allows it", async () => {
    await declare("[dpkg, slipway-one=1.0-1, slipway-two]");
    await site.settle();
    assert.equal(await versions(), "slipway-one 1.0-1\nslipway-two 2.0");

    await run("dpkg", "--purge", "slipway-two");
    assert.deepEqual(await planned(), [
      "machine/web-1/packages/slipway-two: slipway-two is not installed",
    ]);
    await site.settle();

    await declare("[dpkg, slipway-one=1.0-2, slipway-two]");
    await site.settle();
    assert.equal(await versions(), "slipway-one 1.0-2\nslipway-two 2.0");

    await declare("[dpkg, slipway-one=1.0-1]");
    const { held } = await site.reconcile();
    assert.deepEqual(
      held.map(({ text }) => /needs (.*)$/.exec(text)?.[1]),
      [
        "Slipway-Allow: delete machine/web-1/packages/slipway-one",
        "Slipway-Allow: delete machine/web-1/packages/slipway-two",
      ],
    );
    assert.equal(await versions(), "slipway-one 1.0-2\nslipway-two 2.0");
    await declare("[slipway-one=1.0-1]", "\n\nSlipway-Allow: delete machine/web-1/packages");
    await site.settle();
    assert.equal(await versions(), "slipway-one 1.0-1");
    assert.match(await run("dpkg-query", "-W", "dpkg"), /^dpkg/);
  });

  test("go by a revert, and one that there is not keeps no other away", async () => {
    const declared = await declare("[slipway-one=1.0-1, slipway-two, slipway-nonesuch]");
    const outcome = await site.reconcile();
    assert.equal(outcome.outcome, "incomplete");
    assert.match(outcome.text, /Unable to locate package slipway-nonesuch/);
    assert.equal(await versions(), "slipway-one 1.0-1\nslipway-two 2.0");
    await declare("[slipway-one=1.0-1, slipway-two]");
    await site.reconcile();
    await site.infra.revert("HEAD");
    await site.infra.revert(declared);
    // As when the power went while dpkg was at it.
    await run("sh", "-c", "cd /var/lib/dpkg/updates && dpkg-query -s slipway-two >0001");
    await site.settle();
    assert.equal(await versions(), "slipway-one 1.0-1");
  });

  test("are named with their place where one cannot be", async () => {
    await declare("[htop, htop=1, 'a b']");
    const { outcome, findings = [] } = await site.reconcile();
    assert.equal(outcome, "rejected");
    assert.match(findings.join("\n"), /machines\/web-1\.yaml:4:18: package htop is listed twice/);
  });
});
