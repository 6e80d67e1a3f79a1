import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { text as textOf } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { selfSigned, selfSignedAs } from "../../src/acme/x509.ts";
import { StepFailure } from "../../src/apply/failure.ts";
import { runSteps, type StepContext } from "../../src/apply/steps.ts";
import { certifiedText, readCertificate } from "../../src/lib/certificate.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { CertificateWish, Issuer } from "../../src/model/issuer.ts";
import { Secret } from "../../src/model/secret.ts";
import type { CertifyStep, LoadStep } from "../../src/model/certificate-step.ts";
import { RemoteError, type Session } from "../../src/remote/session.ts";
import { until } from "../fleet/wait.ts";
import { freePorts } from "../support/running-haproxy.ts";

const host = "shop.example.com";

const failureOf = async (context: Partial<StepContext>, step: CertifyStep | LoadStep) => {
  const all = { fence: () => Promise.resolve(() => undefined), redact: (t: string) => t };
  const full = { preempt: new AbortController().signal, ...all, ...context } as StepContext;
  return await runSteps(full, [step]).then(
    () => undefined,
    (error: unknown) => {
      assert.ok(error instanceof StepFailure, String(error));
      return error;
    },
  );
};

describe("a certificate that is given to a proxy that runs", () => {
  let folder: string;
  let port: number;
  let stop: () => Promise<void>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "load-"));
    await mkdir(join(folder, "certs"));
    const { certificatePem, keyPem } = selfSigned([host], systemClock);
    const file = join(folder, `certs/${host}.pem`);
    await writeFile(file, `${certificatePem}${keyPem.revealText()}`);
    await writeFile(join(folder, "crt-list"), `${file} [alpn h2,http/1.1]\n`);
    [port = 0] = await freePorts(1);
    await writeFile(
      join(folder, "haproxy.cfg"),
      `global
  stats socket ${join(folder, "admin.sock")} mode 600 level admin
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:${port} ssl strict-sni crt-list ${join(folder, "crt-list")}
  http-request return status 200
`,
    );
    const argv = ["--pdeathsig", "KILL", "--", "haproxy", "-db", "-f", join(folder, "haproxy.cfg")];
    const proxy = spawn("setpriv", argv, { stdio: ["ignore", "ignore", "inherit"] });
    const exited = once(proxy, "exit");
    stop = async () => {
      proxy.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true });
    };
    await until("the proxy", () => shown());
  });
  after(() => stop());

  /** What a client is shown. */
  const shown = async (servername = host): Promise<string> => {
    const socket = connectTls({ port, servername, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const sha256 = socket.getPeerCertificate().fingerprint256;
    socket.destroy();
    return sha256.replaceAll(":", "").toLowerCase();
  };
  const session = {
    machine: "web-1",
    exec: async ({ argv }: { argv: readonly string[] }) => ({
      code: 0,
      stdout: await readFile(argv.at(-1) ?? ""),
      stderr: "",
    }),
    talk: async ({ path, text }: { path: string; text: string }) => {
      const socket = dial(path);
      const refused = once(socket, "error").then(() => {
        throw new RemoteError("web-1", "network", `nothing listens at ${path}`);
      });
      socket.end(text);
      return await Promise.race([textOf(socket), refused]);
    },
  } as unknown as Session;
  const load = async (text: string, change: Partial<LoadStep> = {}) => {
    const path = join(folder, "next.pem");
    await writeFile(path, text);
    const file = join(folder, `certs/${host}.pem`);
    const socket = join(folder, "admin.sock");
    const step: LoadStep = { do: "load", path, file, socket, timeoutMs: 10_000, ...change };
    return await failureOf({ session }, step);
  };
  const fresh = (from = "https://ca.example/dir", filler = 0, name = host): string => {
    const { certificatePem, keyPem } = selfSignedAs("CA", [name], systemClock);
    const chain = certificatePem.repeat(1 + filler);
    return certifiedText(from, chain, `\n\n${keyPem.revealText() ?? ""}`);
  };

  it("is shown from then on", async () => {
    for (const text of [fresh(), fresh()]) {
      assert.equal(await load(text), undefined);
      assert.equal(await shown(), readCertificate(text)?.sha256);
    }
  });

  it("is left for the proxy's start where none runs, or it shows none of that name", async () => {
    const before = await shown();
    assert.equal(await load(fresh(), { socket: join(folder, "none.sock") }), undefined);
    assert.equal(await load(fresh(), { file: join(folder, "certs/other.pem") }), undefined);
    assert.equal(await shown(), before);
  });

  it("is listed for a host that is new to the proxy, once", async () => {
    const name = "new.example.com";
    const file = join(folder, `certs/${name}.pem`);
    const list = { path: join(folder, "crt-list"), host: name };
    for (const text of [fresh("x", 0, name), fresh("x", 0, name)]) {
      assert.equal(await load(text, { file, list }), undefined);
      assert.equal(await shown(name), readCertificate(text)?.sha256);
    }
    const path = join(folder, "admin.sock");
    const listed = await session.talk({
      path,
      text: `show ssl crt-list ${list.path}\n`,
      timeoutMs: 1,
    });
    assert.equal(listed.split(file).length, 2, listed);
    const nowhere = { path: join(folder, "no-list"), host: name };
    const failure = await load(fresh("x", 0, name), { file, list: nowhere });
    assert.match(
      failure?.message ?? "",
      /^the proxy does not show the certificate of new\.example/,
    );
    assert.equal(await load(fresh(), { list, socket: join(folder, "none.sock") }), undefined);
  });

  it("is refused where it does not fit its key, and can be given right after", async () => {
    const before = await shown();
    const odd = fresh().replace(/-----BEGIN PRIVATE[^]*/, "");
    const key = /-----BEGIN PRIVATE[^]*/.exec(fresh())?.[0] ?? "";
    const failure = await load(odd + key);
    assert.match(failure?.message ?? "", /^the proxy does not take the certificate: .*private key/);
    assert.doesNotMatch(failure?.message ?? "", /BEGIN/);
    assert.equal(await shown(), before);
    assert.equal(await load(fresh()), undefined);
  });

  it("is refused with words that help where it is too long, and where it is none", async () => {
    const before = await shown();
    assert.match(
      (await load(fresh("x", 50)))?.message ?? "",
      /more than tune\.bufsize is too long/,
    );
    assert.match((await load("hello"))?.message ?? "", /holds no certificate/);
    assert.equal(await shown(), before);
  });
});

describe("certifying", () => {
  const root = "/var/lib/slipway/acme/proxy";
  const step: CertifyStep = {
    do: "certify",
    by: "authority",
    hosts: [host],
    authority: { directory: "https://ca.example/dir" },
    machines: ["web-1", "web-2", "web-3"],
    answers: { socket: `${root}/run/admin.sock`, map: "/etc/slipway/acme.map" },
    elsewhere: ["certs.next", "certs"].map((folder) => `${root}/${folder}/${host}.pem`),
    meanwhile: "a self-signed one stands in",
    path: `${root}/certs.next/${host}.pem`,
    timeoutMs: 1000,
  };
  const text = new Secret("certificate of shop.example.com", "pem");

  /** Machines of which some are not held, or whose proxies do not run. */
  function machines(proxies: Readonly<Record<string, boolean>>) {
    const log: string[] = [];
    const sessionOf = (machine: string): Session =>
      ({
        machine,
        put: ({ path, content, mode }: { path: string; content: Uint8Array; mode: string }) => {
          log.push(`${machine} put ${path} ${mode} ${Buffer.from(content).toString()}`);
          return Promise.resolve();
        },
        talk: ({ path, text }: { path: string; text: string }) => {
          log.push(`${machine} ${path}: ${text.trim()}`);
          return proxies[machine] === true
            ? Promise.resolve("\n")
            : Promise.reject(new RemoteError(machine, "network", "nothing listens"));
        },
        exec: ({ argv }: { argv: readonly string[] }) => {
          const isThere = argv.at(-1) === `${root}/certs/${host}.pem`;
          const stdout = Buffer.from(isThere ? `of ${machine}` : "");
          return Promise.resolve({ code: 0, stdout, stderr: Buffer.from("") });
        },
      }) as unknown as Session;
    const sessions = new Map(Object.keys(proxies).map((name) => [name, sessionOf(name)]));
    return { log, sessions };
  }

  const run = async (
    obtain: Issuer["obtain"],
    proxies: Readonly<Record<string, boolean>> = { "web-1": true, "web-2": true },
    one: CertifyStep = step,
  ) => {
    const { log, sessions } = machines(proxies);
    const progress: string[] = [];
    const failure = await failureOf(
      {
        session: sessions.get("web-1") as Session,
        progress: (line) => void progress.push(line),
        certifying: {
          issuer: {
            standIn: () => new Secret("stand-in", "made up"),
            obtain,
            putOff: () => undefined,
            againMs: () => undefined,
          },
          session: (machine) => sessions.get(machine),
        },
      },
      one,
    );
    return { failure, log, progress };
  };
  const answered = async (wish: CertificateWish): Promise<Secret> => {
    await wish.answer("token", "token.thumb");
    await wish.unanswer("token");
    return text;
  };

  it("has all proxies answer, and puts what it gets", async () => {
    const { failure, log } = await run(answered);
    assert.equal(failure, undefined);
    const at = `${root}/run/admin.sock`;
    assert.deepEqual(log, [
      `web-1 ${at}: add map /etc/slipway/acme.map token token.thumb`,
      `web-2 ${at}: add map /etc/slipway/acme.map token token.thumb`,
      `web-1 ${at}: del map /etc/slipway/acme.map token`,
      `web-2 ${at}: del map /etc/slipway/acme.map token`,
      `web-1 put ${root}/certs.next/${host}.pem 0600 pem`,
    ]);
  });

  it("goes on while one proxy answers, and tells which do not", async () => {
    const { failure, progress } = await run(answered, { "web-1": false, "web-2": true });
    assert.equal(failure, undefined);
    assert.deepEqual(progress, ["not all answer: web-1: nothing listens"]);
  });

  it("fails by the machine's trouble where no proxy answers, or there is no certificate", async () => {
    const silent = await run(answered, { "web-1": false });
    assert.equal(
      silent.failure?.message,
      "certificate for shop.example.com not issued yet: no proxy answers: web-1: nothing listens; a self-signed one stands in",
    );
    const none = await run(() => Promise.resolve({ trouble: "ca.example: no" }));
    assert.deepEqual(
      [none.failure?.blame, none.failure?.trouble, none.failure?.message],
      [
        "machine",
        "certificate",
        "certificate for shop.example.com not issued yet: ca.example: no; a self-signed one stands in",
      ],
    );
    assert.deepEqual(none.log, []);
  });

  it("offers what the other machines have", async () => {
    let found: readonly Secret[] = [];
    await run(async ({ elsewhere }) => {
      found = await elsewhere();
      return text;
    });
    assert.deepEqual(
      found.map((secret) => secret.revealText()),
      ["of web-2"],
    );
  });

  it("makes what stands in by itself", async () => {
    const path = `${root}/certs/${host}.pem`;
    const one: CertifyStep = { do: "certify", by: "stand-in", hosts: [host], path, timeoutMs: 1 };
    const { log } = await run(answered, { "web-1": true }, one);
    assert.deepEqual(log, [`web-1 put ${path} 0600 made up`]);
  });

  it("says that certificates are not issued where nobody does", async () => {
    const failure = await failureOf({}, step);
    assert.equal(failure?.message, "certificates are not issued from here");
  });
});
