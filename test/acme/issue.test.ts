import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:http";
import { after, before, describe, it } from "node:test";
import { AcmeError } from "../../src/acme/error.ts";
import { httpsExchange, type Exchange } from "../../src/acme/exchange.ts";
import { issueCertificate, type IssueRequest } from "../../src/acme/issue.ts";
import type { Challenge } from "../../src/acme/prove.ts";
import { readCertificate } from "../../src/lib/certificate.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { Secret } from "../../src/model/secret.ts";
import { close, listen } from "../fleet/listen.ts";
import { startPebble, type Pebble } from "../support/pebble.ts";

const never = new AbortController().signal;

/** Asks again at once: the authority here needs no time. */
const clock = {
  ...systemClock,
  sleep: (_: number, signal?: AbortSignal) => systemClock.sleep(5, signal),
};

describe("certificates", () => {
  let pebble: Pebble;
  let web: Server;
  /** What is answered under `/.well-known/acme-challenge/`. */
  const answers = new Map<string, string>();
  before(async () => {
    pebble = await startPebble();
    web = createServer(({ url = "" }, reply) => {
      const answer = answers.get(url.replace("/.well-known/acme-challenge/", ""));
      reply.writeHead(answer === undefined ? 404 : 200).end(answer ?? "no such page");
    });
    await listen(web, "127.0.0.1", pebble.httpPort);
  });
  after(async () => {
    await close(web);
    await pebble.stop();
  });

  const http = (change: Partial<Challenge & { kind: "http" }> = {}): Challenge => ({
    kind: "http",
    put: async (token, answer) => void answers.set(token, answer),
    remove: async (token) => void answers.delete(token),
    ...change,
  });
  const issue = (change: Partial<IssueRequest> & { readonly exchange?: Exchange } = {}) =>
    issueCertificate(
      {
        hosts: ["shop.example.com"],
        directory: pebble.directory,
        challenge: http(),
        signal: never,
        timeoutMs: 30_000,
        ...change,
      },
      { clock, exchange: change.exchange ?? httpsExchange(pebble.ca) },
    );
  const troubleOf = async (change: Parameters<typeof issue>[0]): Promise<AcmeError> => {
    const error = await issue(change).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(error instanceof AcmeError, String(error));
    return error;
  };

  it("are issued by an answer over HTTP", async () => {
    const hosts = ["shop.example.com", "www.example.com"];
    const issued = await issue({ hosts, email: "ada@example.com" });
    const found = readCertificate(issued.certificatePem);
    assert.deepEqual(found?.hosts.toSorted(), hosts);
    assert.match(found.issuer, /^Pebble Intermediate CA/);
    assert.equal(found.isStandIn, false);
    assert.deepEqual([issued.notBefore, issued.notAfter], [found.notBefore, found.notAfter]);
    assert.ok(issued.notAfter > issued.notBefore);
    const key = createPrivateKey(issued.keyPem.revealText() ?? "");
    assert.equal(key.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.ok(new X509Certificate(issued.certificatePem).checkPrivateKey(key));
    assert.ok(issued.certificatePem.split("BEGIN CERTIFICATE").length > 2, "has its chain");
    assert.doesNotMatch(JSON.stringify(issued), /PRIVATE/);
    assert.equal(answers.size, 0);
  });

  it("are renewed by the same account", async () => {
    const accounts: (readonly [number, string | undefined])[] = [];
    const plain = httpsExchange(pebble.ca);
    const exchange: Exchange = async (wanted, signal) => {
      const reply = await plain(wanted, signal);
      const isAccount = wanted.url.endsWith("sign-me-up") && reply.status < 300;
      if (isAccount) accounts.push([reply.status, reply.headers.location]);
      return reply;
    };
    const first = await issue({ exchange });
    const second = await issue({ exchange, account: first.accountKeyPem });
    assert.deepEqual(accounts, [
      [201, accounts[0]?.[1]],
      [200, accounts[0]?.[1]],
    ]);
    assert.ok(!first.keyPem.equals(second.keyPem), "has a key of its own");
    assert.ok(second.accountKeyPem.equals(first.accountKeyPem));
  });

  it("need no answer again while the last one counts", async () => {
    const other = await startPebble({ remembers: true, httpPort: pebble.httpPort });
    try {
      const at = { directory: other.directory, exchange: httpsExchange(other.ca) };
      const { accountKeyPem } = await issue(at);
      const put = () => Promise.reject(new Error("asked"));
      const again = await issue({ ...at, account: accountKeyPem, challenge: http({ put }) });
      assert.ok(again.notAfter > 0);
    } finally {
      await other.stop();
    }
  });

  it("are issued by records of the DNS, for wildcards too", async () => {
    const hosts = ["example.net", "*.example.net"];
    const put: string[] = [];
    const removed: string[] = [];
    const challenge: Challenge = {
      kind: "dns",
      put: async (name, value) => {
        put.push(`${name} ${value}`);
        await pebble.addText(name, value);
      },
      remove: async (name, value) => {
        removed.push(`${name} ${value}`);
        await pebble.clearText(name);
      },
    };
    const issued = await issue({ hosts, challenge });
    assert.deepEqual(readCertificate(issued.certificatePem)?.hosts.toSorted(), hosts.toSorted());
    assert.equal(new Set(put).size, 2);
    assert.ok(put.every((one) => /^_acme-challenge\.example\.net [\w-]{43}$/.test(one)));
    assert.deepEqual(removed.toSorted(), put.toSorted());
  });

  it("are not asked for by HTTP where that cannot be", async () => {
    const exchange: Exchange = () => Promise.reject(new Error("asked"));
    const error = await troubleOf({ hosts: ["a.example", "*.a.example"], exchange });
    assert.deepEqual([error.trouble, error.host], ["refused", "*.a.example"]);
    assert.match(error.message, /by DNS only/);
  });

  it("say when something else answers under the host", async () => {
    const error = await troubleOf({ challenge: http({ put: () => Promise.resolve() }) });
    assert.deepEqual([error.trouble, error.host], ["unproven", "shop.example.com"]);
    assert.match(error.message, /under shop\.example\.com; does its DNS lead to the machines/);
    assert.match(error.message, /404/);
  });

  it("say when nothing answers under the host", async () => {
    await pebble.point("down.example.com", "127.0.0.9");
    const error = await troubleOf({ hosts: ["shop.example.com", "down.example.com"] });
    assert.deepEqual([error.trouble, error.host], ["unproven", "down.example.com"]);
    assert.match(error.message, /cannot connect to down\.example\.com/);
    assert.equal(answers.size, 0);
  });

  it("say when the host's name leads nowhere", async () => {
    await pebble.breakName("gone.example.com");
    const error = await troubleOf({ hosts: ["gone.example.com"] });
    assert.deepEqual([error.trouble, error.host], ["unproven", "gone.example.com"]);
  });

  it("say when the authority cannot be reached", async () => {
    const [closed, odd] = ["https://localhost:1/dir", "http://localhost/dir"];
    const refused = await troubleOf({ directory: closed });
    assert.deepEqual(
      [refused.trouble, refused.message],
      ["unreachable", "localhost:1: connection refused"],
    );
    const strange = await troubleOf({ exchange: httpsExchange() });
    assert.equal(strange.trouble, "unreachable");
    assert.match(strange.message, /not trusted here .*SLIPWAY_ACME_CA/);
    assert.equal((await troubleOf({ directory: odd })).trouble, "refused");
    const page = new URL("/nowhere", pebble.directory).href;
    assert.equal((await troubleOf({ directory: page })).trouble, "refused");
  });

  it("say when an account's key is none, without a word of it", async () => {
    const error = await troubleOf({ account: new Secret("acme.KEY", "hunter2") });
    assert.equal(error.message, "acme.KEY is no private key on P-256 in PEM");
  });

  it("are given up when time is up, when they are not wanted any more, and when an answer cannot be put", async () => {
    const hangs = http({ put: () => new Promise(() => undefined) });
    const late = await troubleOf({ challenge: hangs, timeoutMs: 500 });
    assert.deepEqual([late.trouble, late.host], ["late", "shop.example.com"]);
    const stop = new AbortController();
    const stopping = http({
      put: () => {
        stop.abort(new Error("enough"));
        return new Promise(() => undefined);
      },
    });
    await assert.rejects(issue({ challenge: stopping, signal: stop.signal }), /^Error: enough$/);
    const removed: string[] = [];
    const failing = http({
      put: () => Promise.reject(new Error("web-1 is gone")),
      remove: async (token) => void removed.push(token),
    });
    await assert.rejects(issue({ challenge: failing }), /^Error: web-1 is gone$/);
    assert.equal(removed.length, 1);
  });
});
