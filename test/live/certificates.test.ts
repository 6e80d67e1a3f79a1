import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { selfSignedAs } from "../../src/acme/x509.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { startPebble, type Pebble } from "../support/pebble.ts";
import { sealing, type Sealing } from "../support/sealed.ts";
import { openStage, type Stage } from "../support/stage.ts";

const machines = ["web-1", "web-2"] as const;

/** What a client is shown for a host. */
interface Shown {
  readonly issuer: string;
  readonly fingerprint: string;
  readonly isTrusted: boolean;
}

describe("certificates", () => {
  let stage: Stage;
  let pebble: Pebble;
  let key: Sealing;
  let root: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    [stage, pebble, key] = await Promise.all([
      openStage({ machines }),
      startPebble({ httpPort: 80 }),
      sealing(),
    ]);
    const { images } = stage.fleet;
    await Promise.all([images?.push("shop", "1"), images?.pushProxy()]);
    root = await pebble.root();
    const place = (name: string): string => join(stage.clone, "..", name);
    await writeFile(place("fleet.agekey"), `${key.identity}\n`, { mode: 0o600 });
    await writeFile(place("ca.pem"), pebble.ca);
    env = { SLIPWAY_AGE_KEY: place("fleet.agekey"), SLIPWAY_ACME_CA: place("ca.pem") };
  });
  after(async () => {
    await Promise.all([stage?.close(), pebble?.stop()]);
  });

  const registry = (): string => stage.fleet.registry?.address ?? "";
  const settings = (directory: string): string =>
    [
      "fleet: acme",
      `proxy: { image: "${registry()}/haproxy:lts" }`,
      `certificates: { directory: "${directory}" }`,
      "defaults: { app: { deploy: { watch: 0s, stopTimeout: 1s, drain: 1s } } }",
      "",
    ].join("\n");
  const app = (...routes: readonly string[]): string =>
    [
      `image: ${registry()}/shop:1`,
      "machines: all",
      "port: 8080",
      "health: { http: /up, interval: 50ms, deadline: 20s }",
      `routes: [${routes.map((route) => `{ ${route} }`).join(", ")}]`,
      "",
    ].join("\n");

  const reconcile = async (): Promise<RevisionOutcome> => {
    const ran = await stage.slipway(["--json", "reconcile"], { env });
    assert.ok(ran.stdout !== "", ran.stderr);
    const outcome = JSON.parse(ran.stdout) as RevisionOutcome;
    assert.equal(outcome.outcome, "applied", JSON.stringify(outcome));
    return outcome;
  };
  const nothingIsLeft = async (): Promise<void> => {
    const plan = await stage.slipway(["plan", "--exit-code"], { env });
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
  };
  const shownOn = async (machine: string, servername: string): Promise<Shown> => {
    const socket = connect({
      host: stage.fleet.machine(machine).address,
      port: 443,
      servername,
      ca: root,
      rejectUnauthorized: false,
    });
    await once(socket, "secureConnect");
    const { issuer, fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return {
      issuer: String(issuer.CN),
      fingerprint: fingerprint256,
      isTrusted: socket.authorized,
    };
  };
  /** By all proxies the same. */
  const shown = async (host: string): Promise<Shown> => {
    const [first, second] = await Promise.all(machines.map((machine) => shownOn(machine, host)));
    assert.ok(first !== undefined);
    assert.deepEqual(second, first);
    return first;
  };
  /** The proxy's containers with the ids of their processes. */
  const proxies = async (): Promise<string> => {
    const found = machines.map(async (machine) => {
      const ids = await stage.fleet
        .machine(machine)
        .docker(["ps", "-q", "--no-trunc", "--filter", "label=slipway.proxy"]);
      return await stage.fleet
        .machine(machine)
        .docker(["top", ids.trim().split("\n")[0] ?? "", "-o", "pid,args"]);
    });
    return (await Promise.all(found)).join("");
  };
  let running: string;

  test("stand in while the authority is away, which the status says", async () => {
    await stage.commit("Shop", {
      "slipway.yaml": settings("https://localhost:1/dir"),
      ...Object.fromEntries(machines.map((m) => [`machines/${m}.yaml`, stage.machineFile(m)])),
      "apps/shop.yaml": app("host: shop.test"),
    });
    const outcome = await reconcile();
    assert.match(
      outcome.text,
      /certificate for shop\.test not issued yet: .*localhost:1.*; a self-signed one stands in$/,
    );
    for (const machine of machines)
      assert.equal((await shownOn(machine, "shop.test")).issuer, "Slipway stand-in");
    const status = await stage.slipway(["status"], { env });
    assert.match(status.stdout, /^shop\.test +stands in +8\d d +web-1 web-2$/m);
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
    running = await proxies();
  });

  test("are issued once for both machines, and shown without a reload", async () => {
    await pebble.point("shop.test", stage.fleet.machine("web-2").address);
    await stage.commit("An authority", { "slipway.yaml": settings(pebble.directory) });
    assert.equal((await reconcile()).notices, undefined);
    assert.equal((await shown("shop.test")).isTrusted, true);
    assert.equal(await proxies(), running);
    await nothingIsLeft();
  });

  let added: string;
  test("of a new host are there without a reload", async () => {
    await pebble.point("new.test", stage.fleet.machine("web-1").address);
    const before = await shown("shop.test");
    added = await stage.commit("New", {
      "apps/shop.yaml": app("host: shop.test", "host: new.test"),
    });
    await reconcile();
    assert.equal((await shown("new.test")).isTrusted, true);
    assert.deepEqual(await shown("shop.test"), before);
    assert.equal(await proxies(), running);
  });

  test("of one's own take their place while the proxy runs, and go again by a revert", async () => {
    const { certificatePem, keyPem } = selfSignedAs("Own CA", ["new.test"], systemClock);
    const own = await stage.commit("Own", {
      "apps/shop.yaml": app("host: shop.test", "host: new.test, tls: { cert: CERT, key: KEY }"),
      "secrets/shop.yaml": await key.file({
        CERT: certificatePem,
        KEY: keyPem.revealText() ?? "",
      }),
    });
    await reconcile();
    assert.equal((await shown("new.test")).issuer, "Own CA");
    await nothingIsLeft();
    await stage.git("revert", "--no-edit", own);
    await stage.revert(added);
    await reconcile();
    await assert.rejects(shown("new.test"), /unrecognized name/);
    assert.equal((await shown("shop.test")).isTrusted, true);
    assert.equal(await proxies(), running);
    await nothingIsLeft();
  });
});
