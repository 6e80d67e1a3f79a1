import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { machineFile } from "../support/infra.ts";
import { openSite, type Site } from "../support/site.ts";

describe("mounts of a machine", { timeout: 600_000 }, () => {
  let site: Site;
  let disk: string;
  let blank: string;

  const run = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await site.fleet
      .machine("web-1")
      .exec(["sh", "-c", script], { timeoutMs: 60_000 });
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  const mounted = (): Promise<string> =>
    run("findmnt -no SOURCE,FSTYPE --mountpoint /data/one || :");
  const declare = async (device: string, more = "type: ext4, options: noatime"): Promise<string> =>
    await site.commit("Mounts", {
      "machines/web-1.yaml": machineFile(
        site.fleet,
        "web-1",
        `mounts: { /data/one: { device: ${device}, ${more} } }\n`,
      ),
    });

  before(async () => {
    site = await openSite({ machines: [{ name: "web-1", bare: "engine" }] }, {});
    disk = await run("truncate -s 16M /disk; mkfs.ext4 -q /disk; losetup -f --show /disk");
    blank = await run("truncate -s 16M /blank; losetup -f --show /blank");
  });
  after(async () => {
    await run(`umount /data/one 2>/dev/null; losetup -d ${disk} ${blank} || :`);
    await site?.close();
  });

  test("are as declared, heal, and go", async () => {
    const former = await run("cat /etc/fstab");
    const declared = await declare(disk);
    await site.settle();
    assert.equal(await mounted(), `${disk} ext4`);
    assert.match(await run("cat /etc/fstab"), /# slipway acme \/data\/one\n.* noatime,nofail 0 2/);
    await run("umount /data/one");
    const [change] = changesOf(await site.by((controller) => controller.plan()));
    assert.equal(change?.reason.text, "/data/one is not mounted as declared");
    assert.equal(change.reason.where?.line, 4);
    await site.settle();
    assert.equal(await mounted(), `${disk} ext4`);
    await site.infra.revert(declared);
    await site.settle();
    assert.equal(await mounted(), "");
    assert.equal(await run("cat /etc/fstab"), former);
  });

  test("are left alone where there is no such filesystem, and nothing is formatted", async () => {
    await declare(blank);
    assert.match((await site.reconcile()).text, /there is no filesystem on/);
    assert.equal(await run(`wipefs -n ${blank}`), "");
    await declare(disk, "type: xfs");
    assert.match((await site.reconcile()).text, /holds ext4, not xfs/);
    await declare("/dev/nonesuch");
    assert.match((await site.reconcile()).text, /there is no \/dev\/nonesuch/);
    await declare("none");
    const { outcome, findings = [] } = await site.reconcile();
    assert.equal(outcome, "rejected");
    assert.match(findings.join(), /machines\/web-1\.yaml:4:\d+/);
  });
});
