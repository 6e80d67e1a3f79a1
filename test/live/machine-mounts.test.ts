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
  const options = (): Promise<string> => run("findmnt -no VFS-OPTIONS --mountpoint /data/one || :");
  const told = async (): Promise<string> => (await site.reconcile()).text;
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

    const others = await declare(disk, "type: ext4, options: 'ro,nosuid'");
    await site.settle();
    assert.match(await options(), /^ro,nosuid,relatime$/);
    await run("mount -o remount,noexec /data/one");
    await site.settle();
    assert.match(await options(), /^ro,nosuid,relatime$/);
    await site.infra.revert(others);
    await site.settle();
    assert.match(await options(), /^rw,noatime$/);

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

  test("are made on a blank device where that is declared, and on no other", async () => {
    const format = "type: ext4, format: true";
    const zero = `dd if=/dev/zero of=${blank} bs=1M count=2 conv=notrunc status=none`;
    const notBlank = /is not surely blank, and is not formatted/;
    await site.commit("None", { "machines/web-1.yaml": machineFile(site.fleet, "web-1") });
    const declared = await declare(blank, format);
    await run(`printf x | dd of=${blank} bs=1 seek=1000000 conv=notrunc status=none`);
    assert.match(await told(), notBlank);
    await run(`${zero}; mkswap ${blank}`);
    assert.match(await told(), /holds swap, not ext4/);
    await run(`${zero}; systemd-run -q --unit=holder sh -c 'exec sleep 1000 <${blank}'`);
    assert.match(await told(), notBlank);
    await run("systemctl stop holder");

    const [change] = changesOf(await site.by((controller) => controller.plan()));
    assert.equal(
      change?.reason.text,
      `formats the blank device ${blank} with ext4, and mounts it at /data/one`,
    );
    const dirty = `echo junk | dd of="$2" bs=1k seek=64 conv=notrunc status=none; exit 1`;
    await run(`cd /sbin; mv mkfs.ext4 away; echo '${dirty}' >mkfs.ext4; chmod +x mkfs.ext4`);
    assert.equal((await site.reconcile()).outcome, "incomplete");
    await run("mv /sbin/away /sbin/mkfs.ext4");
    await site.settle();
    assert.equal(await mounted(), `${blank} ext4`);
    await run("echo kept >/data/one/file; ! ls /var/lib/slipway/acme/formatting/* 2>/dev/null");

    await site.infra.revert(declared);
    await site.settle();
    assert.equal(await mounted(), "");
    await declare(blank, format);
    await site.settle();
    assert.equal(await run("cat /data/one/file"), "kept");
  });

  test("hide neither the system nor the keys of who logs in", async () => {
    const at = async (path: string): Promise<string> => {
      const mounts = `mounts: { ${path}: { device: ${disk}, type: ext4 } }\n`;
      await site.commit("Mounts", {
        "machines/web-1.yaml": machineFile(site.fleet, "web-1", mounts),
      });
      return await told();
    };
    assert.match(await at("/root"), /the home of root, as whom Slipway logs in, is in \/root/);
    assert.match(await at("/usr"), /machines\/web-1\.yaml:4:11/);
  });
});
