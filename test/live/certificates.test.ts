import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { httpsExchange, type Exchange } from "../../src/acme/exchange.ts";
import { createIssuer } from "../../src/acme/issuer.ts";
import { selfSignedAs } from "../../src/acme/x509.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Accounts, Issuer } from "../../src/model/issuer.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { Secret } from "../../src/model/secret.ts";
import { until } from "../fleet/wait.ts";
import { machines, openCertifiedStage, type CertifiedStage } from "../support/certified-stage.ts";
import { follow, type Following } from "../support/following.ts";

describe("certificates", () => {
  let site: CertifiedStage;
  before(async () => {
    site = await openCertifiedStage();
  });
  after(async () => {
    await site?.close();
  });
  let running: string;

  test("stand in while the authority is away, which the status says", async () => {
    const { stage } = site;
    await stage.commit("Shop", {
      "slipway.yaml": site.settings("https://localhost:1/dir"),
      ...Object.fromEntries(machines.map((m) => [`machines/${m}.yaml`, stage.machineFile(m)])),
      "apps/shop.yaml": site.app("host: shop.test"),
    });
    const outcome = await site.reconcile();
    assert.match(
      outcome.text,
      /certificate for shop\.test not issued yet: .*localhost:1.*; a self-signed one stands in$/,
    );
    for (const machine of machines)
      assert.equal((await site.shownOn(machine, "shop.test")).issuer, "Slipway stand-in");
    assert.match(await site.status(), /^shop\.test +stands in +8\d d +web-1 web-2$/m);
    const { address } = stage.fleet.machine("web-1");
    const ran = await stage.fleet
      .machine("web-2")
      .exec([
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code} %{redirect_url}",
        "-H",
        "Host: shop.test",
        `http://${address}/a?b`,
      ]);
    assert.equal(ran.stdout, "301 https://shop.test/a?b");
    running = await site.proxies();
  });

  test("are issued once for both machines, and shown without a reload", async () => {
    const { stage, pebble } = site;
    await pebble.point("shop.test", stage.fleet.machine("web-2").address);
    await stage.commit("An authority", { "slipway.yaml": site.settings(pebble.directory) });
    assert.equal((await site.reconcile()).notices, undefined);
    assert.equal((await site.shown("shop.test")).isTrusted, true);
    assert.equal(await site.proxies(), running);
    await site.nothingIsLeft();
  });

  let added: string;
  test("of a new host are there without a reload", async () => {
    const { stage, pebble } = site;
    await pebble.point("new.test", stage.fleet.machine("web-1").address);
    const before = await site.shown("shop.test");
    added = await stage.commit("New", {
      "apps/shop.yaml": site.app("host: shop.test", "host: new.test"),
    });
    await site.reconcile();
    assert.equal((await site.shown("new.test")).isTrusted, true);
    assert.deepEqual(await site.shown("shop.test"), before);
    assert.equal(await site.proxies(), running);
  });

  test("of one's own take their place while the proxy runs, and go again by a revert", async () => {
    const { stage } = site;
    const { certificatePem, keyPem } = selfSignedAs("Own CA", ["new.test"], systemClock);
    const own = await stage.commit("Own", {
      "apps/shop.yaml": site.app(
        "host: shop.test",
        "host: new.test, tls: { cert: CERT, key: KEY }",
      ),
      "secrets/shop.yaml": await site.key.file({
        CERT: certificatePem,
        KEY: keyPem.revealText() ?? "",
      }),
    });
    await site.reconcile();
    assert.equal((await site.shown("new.test")).issuer, "Own CA");
    await site.nothingIsLeft();
    await stage.git("revert", "--no-edit", own);
    await stage.revert(added);
    await site.reconcile();
    await assert.rejects(site.shown("new.test"), /unrecognized name/);
    assert.equal((await site.shown("shop.test")).isTrusted, true);
    assert.equal(await site.proxies(), running);
    await site.nothingIsLeft();
  });

  describe("by records of the DNS", () => {
    const wildcard = 'host: "*.wild.test"';
    const name = "_acme-challenge.wild.test";
    const dns = (): NodeJS.ProcessEnv => ({
      SLIPWAY_ACME_DNS_COMMAND: `${site.place("dns.sh")} zone-1`,
    });
    const words = async (): Promise<string> => await readFile(site.place("dns.words"), "utf8");
    const tellCommand = async (how: string): Promise<void> =>
      await writeFile(site.place("dns.how"), how);

    test("are told of where the command fails, and nothing else is held up", async () => {
      await tellCommand("fails");
      await site.stage.commit("By the DNS", {
        "slipway.yaml": site.settings(site.pebble.directory, ", challenge: dns"),
        "apps/shop.yaml": site.app("host: shop.test", wildcard),
      });
      const { notices = [] } = await site.reconcile(dns());
      assert.equal(notices.length, 1, JSON.stringify(notices));
      const said = new RegExp(
        `^certificate for \\*\\.wild\\.test not issued yet: the command ${site.place("dns.sh")} does not set ${name}: ` +
          `zone zone-1: the token has no rights for ${name}; tried again from .* UTC; a self-signed one stands in$`,
      );
      assert.match(notices[0] ?? "", said);
      assert.match(await words(), new RegExp(`^zone-1 set ${name} \\S{43}\nzone-1 unset ${name}`));
      assert.equal((await site.shownOn("web-1", "a.wild.test")).issuer, "Slipway stand-in");
    });

    test("are issued once for both machines, for a wildcard too, and nothing is left", async () => {
      await tellCommand("works");
      await writeFile(site.place("dns.words"), "");
      const before = await site.shown("shop.test");
      assert.equal((await site.reconcile(dns())).notices, undefined);
      const found = await site.shown("a.wild.test");
      assert.deepEqual([found.isTrusted, await site.shown("b.wild.test")], [true, found]);
      assert.deepEqual(await site.shown("shop.test"), before);
      const [, value = ""] = /^zone-1 set \S+ (\S{43})$/m.exec(await words()) ?? [];
      assert.equal(await words(), `zone-1 set ${name} ${value}\nzone-1 unset ${name} ${value}\n`);
      assert.deepEqual(await site.pebble.texts(name), []);
      const given = await readFile(site.place("dns.env"), "utf8");
      assert.match(given, /^SLIPWAY_SSH_KEY=/m);
      assert.ok(!given.includes(String(site.stage.env["SLIPWAY_REPO_TOKEN"])));
      assert.equal(await site.proxies(), running);
      await site.nothingIsLeft();
    });
  });

  describe("wanted by the daemon", () => {
    let daemon: Following;
    let issuer: Issuer;
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const accounts = new Map<string, Secret>();
    const inMemory: Accounts = {
      read: async (directory) => await Promise.resolve(accounts.get(directory)),
      write: async (directory, key) => void accounts.set(directory, key),
    };
    let asked = 0;

    before(async () => {
      const ask = httpsExchange(site.pebble.ca);
      const exchange: Exchange = async (wanted, signal) => {
        if (wanted.url === site.pebble.directory) asked += 1;
        return await ask(wanted, signal);
      };
      const dnsCommand = [site.place("dns.sh"), "zone-1"];
      const env = { PATH: process.env["PATH"] };
      issuer = createIssuer({ clock, exchange, accounts: inMemory, dnsCommand, env });
      const { clone: repo, fleet } = site.stage;
      daemon = await follow({ repo, sshKeyFile: fleet.sshKeyFile }, { clock, issuer });
    });
    after(async () => {
      await daemon?.stop();
    });
    const deploy = async (round: number, ...hosts: readonly string[]): Promise<string> =>
      await site.stage.commit(`Round ${round}`, {
        "apps/shop.yaml": `${site.app(...hosts.map((host) => `host: ${host}`))}env: { ROUND: "${round}" }\n`,
      });
    const waits =
      /^certificate for late\.test not issued yet: localhost:\d+: connection refused; tried again from/;
    /** Without what it is told of the machines' clocks, since its own is ahead. */
    const ofCertificates = ({ notices = [] }: RevisionOutcome): readonly string[] =>
      notices.filter((notice) => notice.startsWith("certificate"));
    const noticesOf = async (commit: string): Promise<string> =>
      ofCertificates(await daemon.ended(commit, "applied")).join("\n");

    test("are asked for again after a while that grows, and nothing else waits", async () => {
      await site.pebble.leave();
      assert.match(await noticesOf(await deploy(1, "shop.test", "late.test")), waits);
      assert.equal(asked, 1);
      assert.match(await noticesOf(await deploy(2, "shop.test", "late.test")), waits);
      assert.equal(asked, 1);
      aheadMs += 60_000;
      // What it waits for then counts from when it has been refused.
      await until("the authority is asked again, and left alone", async () =>
        asked > 1 && issuer.againMs() !== undefined ? true : undefined,
      );
      aheadMs += 60_000;
      assert.match(await noticesOf(await deploy(3, "shop.test", "late.test")), waits);
      assert.equal(asked, 2);
      await site.pebble.comeBack();
      aheadMs += 60_000;
      await until("they are issued", async () =>
        (await site.shown("late.test")).isTrusted ? true : undefined,
      );
      await until("nothing is told of them any more", async () => {
        const last = daemon.outcomes().at(-1);
        return last !== undefined && ofCertificates(last).length === 0 ? true : undefined;
      });
      assert.equal(await site.proxies(), running);
    });

    test("wait for a command that hangs, and give way to a newer revision", async () => {
      await writeFile(site.place("dns.how"), "hangs");
      await deploy(4, "shop.test", "late.test", "last.test");
      const pid = await until("the command hangs", async () =>
        Number(await readFile(site.place("dns.pid"), "utf8")),
      );
      await writeFile(site.place("dns.how"), "works");
      const newer = await deploy(5, "shop.test", "late.test", "last.test");
      assert.equal(await noticesOf(newer), "");
      assert.throws(() => process.kill(pid, 0), /ESRCH/);
      assert.equal((await site.shown("last.test")).isTrusted, true);
      assert.deepEqual(await site.pebble.texts("_acme-challenge.last.test"), []);
    });
  });
});
