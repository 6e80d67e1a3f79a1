import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { dnsAnswers, type DnsCommand } from "../../src/acme/dns-command.ts";
import { AcmeError, type AcmeTrouble } from "../../src/acme/error.ts";
import { httpsExchange, type Exchange } from "../../src/acme/exchange.ts";
import { createIssuer } from "../../src/acme/issuer.ts";
import { pauseMs } from "../../src/acme/pause.ts";
import { selfSignedAs } from "../../src/acme/x509.ts";
import { certifiedText, readCertificate } from "../../src/lib/certificate.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Accounts, CertificateWish } from "../../src/model/issuer.ts";
import { Secret } from "../../src/model/secret.ts";
import { run } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";
import { startPebble, type Pebble } from "../support/pebble.ts";

const minute = 60_000;
const directory = "https://ca.example/dir";

/** Accounts in memory. */
function memory(): Accounts & { readonly keys: Map<string, Secret> } {
  const keys = new Map<string, Secret>();
  return {
    keys,
    read: (at) => Promise.resolve(keys.get(at)),
    write: (at, key) => Promise.resolve(void keys.set(at, key)),
  };
}

const wishFor = (change: Partial<CertificateWish> = {}): CertificateWish => ({
  hosts: ["shop.example.com"],
  authority: { directory },
  timeoutMs: 30_000,
  signal: new AbortController().signal,
  elsewhere: () => Promise.resolve([]),
  answer: () => Promise.reject(new Error("asked")),
  unanswer: () => Promise.resolve(),
  ...change,
});

describe("who has certificates issued", () => {
  /** An authority that cannot be reached, and a clock that stands. */
  const unreachable = (trouble: AcmeTrouble = "unreachable") => {
    let now = Date.UTC(2026, 10, 26);
    let asked = 0;
    const exchange: Exchange = () => {
      asked += 1;
      return Promise.reject(new AcmeError(trouble, "ca.example: connection refused"));
    };
    const clock = { ...systemClock, now: () => now };
    const issuer = createIssuer({ clock, exchange, accounts: memory(), env: {} });
    return { issuer, asked: () => asked, wait: (ms: number) => (now += ms), now: () => now };
  };

  it("leaves an authority alone for a while that gave none, and says so", async () => {
    const { issuer, asked, wait, now } = unreachable();
    const first = await issuer.obtain(wishFor());
    const trouble = "ca.example: connection refused; tried again from 2026-11-26 00:01 UTC";
    assert.deepEqual(first, { trouble });
    assert.deepEqual(await issuer.obtain(wishFor()), { trouble });
    assert.equal(asked(), 1);
    assert.deepEqual(issuer.putOff(wishFor()), { trouble });
    assert.equal(issuer.putOff(wishFor({ hosts: ["other.example.com"] })), undefined);
    assert.equal(issuer.againMs(), now() + minute);
    await issuer.obtain(wishFor({ hosts: ["other.example.com"] }));
    assert.equal(asked(), 2);
    wait(minute);
    assert.deepEqual([issuer.putOff(wishFor()), issuer.againMs()], [undefined, undefined]);
    const again = await issuer.obtain(wishFor());
    assert.ok("trouble" in again && again.trouble.endsWith("00:03 UTC"));
    assert.equal(asked(), 3);
  });

  it("takes what another machine has, unless it is no good", async () => {
    const { issuer, asked, now } = unreachable("refused");
    const text = (hosts: readonly string[], from: string, bornMs: number): Secret => {
      const made = selfSignedAs("CA", hosts, { now: () => bornMs });
      const pem = made.keyPem.revealText() ?? "";
      return new Secret("web-2", certifiedText(from, made.certificatePem, pem));
    };
    const young = now() - minute;
    const bad = [
      new Secret("web-3", "garbage"),
      text(["other.example.com"], directory, young),
      text(["shop.example.com"], "https://staging.example/dir", young),
      text(["shop.example.com"], directory, now() - 70 * 24 * 60 * minute),
    ];
    const good = text(["shop.example.com"], directory, young);
    const elsewhere = () => Promise.resolve([...bad, good]);
    assert.equal(await issuer.obtain(wishFor({ elsewhere })), good);
    assert.equal(asked(), 0);
    const none = await issuer.obtain(wishFor({ elsewhere: () => Promise.resolve(bad) }));
    assert.ok("trouble" in none);
  });

  it("lets pass what an answer could not be put for", async () => {
    const { issuer } = unreachable();
    const elsewhere = () => Promise.reject(new Error("web-2 is gone"));
    await assert.rejects(issuer.obtain(wishFor({ elsewhere })), /^Error: web-2 is gone$/);
  });

  it("makes what stands in", () => {
    const text = unreachable().issuer.standIn(["shop.example.com"]);
    assert.equal(String(text), "[secret stand-in of shop.example.com]");
    assert.ok(readCertificate(text.revealText() ?? "")?.isStandIn);
    assert.match(text.revealText() ?? "", /BEGIN PRIVATE KEY/);
  });
});

describe("who has certificates issued by a real authority", () => {
  let pebble: Pebble;
  let folder: string;
  before(async () => {
    pebble = await startPebble();
    folder = await mkdtemp(join(tmpdir(), "dns-command-"));
  });
  after(async () => {
    await pebble.stop();
    await rm(folder, { recursive: true });
  });

  it("asks once for all machines, with a command for the DNS and one account", async () => {
    const script = join(folder, "dns.mjs");
    const log = join(folder, "log");
    await writeFile(
      script,
      `#!${process.execPath}
import { appendFileSync } from "node:fs";
const [zone, verb, name, value] = process.argv.slice(2);
appendFileSync(${JSON.stringify(log)}, [zone, verb, name].join(" ") + "\\n");
const body = JSON.stringify({ host: name + ".", value });
if (verb === "set") await fetch("${pebble.names}/set-txt", { method: "POST", body });
`,
    );
    await chmod(script, 0o755);
    const accounts = memory();
    const issuer = createIssuer({
      clock: systemClock,
      exchange: httpsExchange(pebble.ca),
      accounts,
      dnsCommand: [script, "zone"],
      env: { PATH: process.env["PATH"] },
    });
    const authority = { directory: pebble.directory, dns: true } as const;
    const wish = wishFor({ hosts: ["*.example.org"], authority });
    const [one, other] = await Promise.all([issuer.obtain(wish), issuer.obtain(wish)]);
    assert.ok(one instanceof Secret);
    assert.equal(one, other);
    const found = readCertificate(one.revealText() ?? "");
    assert.deepEqual(found?.hosts, ["*.example.org"]);
    assert.equal(await issuer.obtain(wish), one);
    const name = "_acme-challenge.example.org";
    assert.equal(await readFile(log, "utf8"), `zone set ${name}\nzone unset ${name}\n`);
    const key = accounts.keys.get(pebble.directory);
    await issuer.obtain({ ...wish, hosts: ["b.example.org"] });
    assert.equal(accounts.keys.get(pebble.directory), key);
  });
});

describe("a command for the DNS that fails", () => {
  const put = (wanted: Omit<DnsCommand, "env">): Promise<void> =>
    dnsAnswers({ ...wanted, env: { PATH: process.env["PATH"] } }).put(
      "_acme-challenge.a.example",
      "value",
    );
  const failed =
    (said: RegExp) =>
    (error: unknown): error is AcmeError =>
      error instanceof AcmeError && error.trouble === "unproven" && said.test(error.message);
  /** Whether a group of processes has any that has not ended. */
  const isRunning = async (group: string): Promise<boolean> =>
    (await run(["ps", "-o", "stat=", "-g", group])).stdout
      .split("\n")
      .some((stat) => /^[^Z]/.test(stat));
  const cases: readonly (readonly [command: readonly string[], said: RegExp])[] = [
    [["sh", "-c", "echo one >&2; echo no such zone >&2; exit 1"], /: no such zone$/],
    [["sh", "-c", "exit 3"], /: it ended with 3$/],
    [["/nowhere/dns.sh"], /: it cannot be run \(ENOENT\)$/],
  ];
  for (const [command, said] of cases)
    it(String(said), async () => {
      await assert.rejects(put({ command }), failed(said));
    });

  it("is ended after a while, with all that it has started", { timeout: 60_000 }, async () => {
    const command = ["sh", "-c", "echo $$ asks the zone >&2; sleep 600 & sleep 600"];
    const said = /: no end after 0\.01 minutes: (\d+) asks the zone$/;
    const error = await put({ command, timeoutMs: 600 }).catch((error: unknown) => error);
    assert.ok(failed(said)(error), String(error));
    const group = said.exec(error.message)?.[1] ?? "";
    await until(
      "its processes are gone",
      async () => !(await isRunning(group)) || undefined,
      20_000,
    );
  });

  it("is ended when no record is wanted any more", { timeout: 60_000 }, async () => {
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    const hangs = put({ command: ["sleep", "600"], signal: stop.signal });
    await assert.rejects(hangs, /^Error: enough$/);
  });

  it("is done when it ends, whatever it leaves running", { timeout: 60_000 }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "dns-command-"));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, "pid");
    const command = ["sh", "-c", 'sleep 600 & echo $! >"$0"', file];
    await put({ command, timeoutMs: 20_000 });
    process.kill(Number(await readFile(file, "utf8")));
  });
});

describe("how long an authority is left alone", () => {
  const cases: readonly (readonly [AcmeTrouble, minutes: readonly number[]])[] = [
    ["unreachable", [1, 2, 4, 8, 16, 32, 60, 60]],
    ["unproven", [5, 15, 45, 135, 360, 360]],
    ["limited", [60, 60]],
    ["refused", [60, 120, 240, 480, 720, 720]],
  ];
  for (const [trouble, minutes] of cases)
    it(`${trouble}: ${minutes.join(", ")} minutes`, () => {
      const pauses = minutes.map((_, index) => pauseMs(index + 1, new AcmeError(trouble, "")));
      assert.deepEqual(
        pauses.map((ms) => ms / minute),
        minutes,
      );
    });

  it("is as long as it says itself", () => {
    const error = new AcmeError("limited", "", { retryAfterMs: 26 * 60 * minute });
    assert.equal(pauseMs(1, error), 26 * 60 * minute);
  });
});
