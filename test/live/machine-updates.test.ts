import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { makeAptRepository } from "../support/apt-repository.ts";
import { machineFile } from "../support/infra.ts";
import { untimed } from "../support/planned.ts";
import { openSite, type Site } from "../support/site.ts";

describe("updates of a machine", () => {
  let site: Site;

  const run = async (script: string): Promise<string> =>
    (await site.fleet.machine("web-1").exec(["sh", "-c", script])).stdout.trim();
  /** As apt itself reads it. */
  const configured = (): Promise<string> =>
    run(
      "apt-config dump | grep -E '^(APT::Periodic::Unattended|Unattended-Upgrade::(Origins|Allowed|Package-Blacklist))' || :",
    );
  const isInstalled = async (): Promise<boolean> =>
    (await run("dpkg-query -W -f '${db:Status-Status}' unattended-upgrades || :")) === "installed";
  const declare = async (more: string): Promise<string> =>
    await site.commit("Updates", {
      "machines/web-1.yaml": machineFile(site.fleet, "web-1", more),
    });

  before(async () => {
    site = await openSite({ machines: ["web-1"] }, {});
    await makeAptRepository(site.fleet.machine("web-1"), [
      "unattended-upgrades 2.9",
      "slipway-test++ 1.0",
    ]);
    await run(
      `echo 'APT::Periodic::Unattended-Upgrade "1"; Unattended-Upgrade::Allowed-Origins { "everything"; };' >/etc/apt/apt.conf.d/50unattended-upgrades`,
    );
  });
  after(async () => {
    await site?.close();
  });

  test("are those of security, or none; heal; and go with what was installed for them", async () => {
    const former = await configured();
    assert.match(former, /everything/);
    const declared = await declare("updates: security\n");
    await site.settle();
    assert.match(await configured(), /Unattended-Upgrade "1"/);
    assert.match(await configured(), /Origins-Pattern:: "origin=Debian,.*label=Debian-Security"/);
    assert.doesNotMatch(await configured(), /everything/);
    assert.ok(await isInstalled());

    await run("echo >>/etc/apt/apt.conf.d/52slipway-acme; dpkg --purge unattended-upgrades");
    const [change] = changesOf(await site.by((controller) => controller.plan()));
    assert.ok(change);
    assert.equal(
      untimed(change.reason.text),
      "updates are not as declared; /etc/apt/apt.conf.d/52slipway-acme changed",
    );
    assert.equal(change.reason.where?.line, 4);
    assert.equal(change.fields.length, 2);
    await site.settle();
    assert.ok(await isInstalled());

    const pinned = await declare("updates: security\npackages: [slipway-test++=1.0]\n");
    await site.settle();
    assert.match(
      await configured(),
      /^Unattended-Upgrade::Package-Blacklist:: "\^slipway-test\[\+\]\[\+\]\$";$/m,
    );
    await site.infra.revert(pinned);
    await site.settle();
    assert.doesNotMatch(await configured(), /slipway-test/);

    const none = await declare("updates: none\n");
    await site.settle();
    assert.match(await configured(), /Unattended-Upgrade "0"/);

    await site.infra.revert(none);
    await site.infra.revert(declared);
    await site.settle();
    assert.equal(await configured(), former);
    assert.equal(await isInstalled(), false);
    assert.equal(await run("ls -A /var/lib/slipway/acme/before"), "");
  });

  test("of another kind are told with their place", async () => {
    await declare("updates: all\n");
    const { outcome, findings = [] } = await site.reconcile();
    assert.equal(outcome, "rejected");
    assert.match(findings.join(), /machines\/web-1\.yaml:4:10/);
  });
});
