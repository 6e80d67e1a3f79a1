import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { must } from "../../fleet/run.ts";
import { until } from "../../fleet/wait.ts";
import { openBadServer, type Misdeed } from "./bad-server.ts";
import { startCrew, type Clients, type Crew } from "./crew.ts";
import { startLoad, type Load, type LoadReport } from "./load.ts";
import { openHistogram, openTally } from "./tally.ts";

const none: Clients = { kept: 0, fresh: 0, streams: 0, sockets: 0, pauseMs: 1 };

const one = (client: "kept" | "fresh" | "streams" | "sockets"): Clients => ({
  ...none,
  [client]: 1,
  streamChunks: 3,
  echoMs: 1,
});

const impatient: Clients = { timeoutMs: 200 };

const looked = (
  load: Load | Crew,
  what: string,
  is: (report: LoadReport) => boolean,
): Promise<LoadReport> =>
  until(what, async () => {
    const report = await load.look();
    return is(report) ? report : undefined;
  });

describe("a load", { timeout: 60_000 }, () => {
  it("finds nothing wrong where nothing is", async () => {
    const server = await openBadServer();
    const clients = { kept: 3, fresh: 1, streams: 1, sockets: 2, pauseMs: 1 };
    const load = await startLoad([{ url: `${server.url}/below` }, { url: server.url }], {
      ...clients,
      streamChunks: 4,
      echoMs: 1,
    });
    await looked(
      load,
      "some of each",
      (report) => report.requests > 100 && report.streams > 3 && report.sockets.echoes > 10,
    );
    const { requests, versions, failures, examples, sockets, latencyMs } = await load.stop();
    assert.deepEqual(
      { failures, examples, versions },
      { failures: {}, examples: [], versions: { "7": requests } },
    );
    assert.deepEqual([sockets.opened, sockets.closed], [2, {}]);
    assert(latencyMs.p50 > 0 && latencyMs.p50 <= latencyMs.p99 && latencyMs.p99 <= latencyMs.max);
    await assert.rejects(load.look(), /has ended/);
    await server.close();
  });
});

describe("its clients", { timeout: 60_000 }, () => {
  const failures: readonly (readonly [Misdeed, Clients, string])[] = [
    ["reset", one("kept"), "kept: reset"],
    ["reset", one("fresh"), "fresh: reset"],
    ["cut", one("kept"), "kept: short"],
    ["end early", one("kept"), "kept: wrong body"],
    ["wrong", one("fresh"), "fresh: wrong body"],
    ["503", one("kept"), "kept: status 503"],
    ["503", one("streams"), "stream: status 503"],
    ["hang", { ...one("kept"), ...impatient }, "kept: timeout"],
    ["stall", { ...one("kept"), ...impatient }, "kept: timeout"],
    ["cut", one("streams"), "stream: short"],
    ["end early", one("streams"), "stream: short"],
    ["wrong", one("sockets"), "socket: wrong accept"],
    ["mutter", one("sockets"), "socket: wrong echo"],
    ["stall", { ...one("sockets"), ...impatient }, "socket: timeout"],
  ];
  for (const [misdeed, clients, failure] of failures)
    it(`counts "${failure}" where a server does "${misdeed}"`, async () => {
      const server = await openBadServer(misdeed);
      const crew = startCrew([server], clients);
      const report = await looked(
        crew,
        failure,
        ({ failures }) => Object.keys(failures).length > 0,
      );
      assert.deepEqual(Object.keys(report.failures), [failure]);
      assert.equal(report.examples[0]?.url, server.url);
      await crew.stop();
      await server.close();
    });

  it("counts each connection that was kept and is reset as it is used again", async () => {
    const server = await openBadServer("reset", { after: 1 });
    const crew = startCrew([server], one("kept"));
    const { versions, examples } = await looked(
      crew,
      "a reset",
      ({ failures }) => (failures["kept: reset"] ?? 0) > 0,
    );
    assert.deepEqual(versions, { "7": 1 });
    assert.match(examples[0]?.detail ?? "", /on a connection that was used before$/);
    await crew.stop();
    await server.close();
  });

  it("counts what is refused, by each sort of client, and goes on", async () => {
    const server = await openBadServer();
    await server.close();
    const clients = { ...none, kept: 1, fresh: 1, streams: 1, sockets: 1 };
    const crew = startCrew([server], clients);
    const { failures } = await looked(
      crew,
      "all refused more than once",
      ({ failures }) => Object.values(failures).filter((count) => count > 1).length === 4,
    );
    const kinds = ["fresh: refused", "kept: refused", "socket: refused", "stream: refused"];
    assert.deepEqual(Object.keys(failures).sort(), kinds);
    assert.equal((await crew.stop()).requests > 1, true);
  });

  for (const [misdeed, code] of [
    ["leave", 1001],
    ["drop", 1006],
  ] as const)
    it(`tells that a WebSocket was closed with ${code} where a server does "${misdeed}"`, async () => {
      const server = await openBadServer(misdeed, { after: 1 });
      const crew = startCrew([server], { ...one("sockets"), sockets: 2 });
      const { failures, sockets } = await looked(
        crew,
        "closes",
        ({ sockets }) => (sockets.closed[code] ?? 0) > 1,
      );
      assert.deepEqual(failures, {});
      assert.deepEqual(
        { ...sockets.closes[0], atMs: 0 },
        { atMs: 0, code, url: server.url, version: "7" },
      );
      assert(sockets.opened > 2, "opened again");
      await crew.stop();
      await server.close();
    });

  it("asks over TLS, by another name than where it connects, and believes only the certificate it was given", async () => {
    const dir = await mkdtemp(join(tmpdir(), "slipway-load-"));
    const [key, cert] = [join(dir, "key"), join(dir, "cert")];
    await must(
      [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
      ].concat([
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "1",
        "-subj",
        "/CN=shop.example",
        "-addext",
        "subjectAltName=DNS:shop.example",
      ]),
    );
    const tls = { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
    const server = await openBadServer(undefined, { tls });
    const { port } = new URL(server.url);
    const seen = async (url: string, ca?: string): Promise<readonly string[]> => {
      const crew = startCrew([{ url: `https://${url}:${port}`, address: "127.0.0.1" }], {
        ...none,
        kept: 1,
        fresh: 1,
        sockets: 1,
        echoMs: 1,
        ...(ca === undefined ? {} : { ca }),
      });
      const enough = ({ versions, sockets, failures }: LoadReport): boolean =>
        ((versions["7"] ?? 0) > 3 && sockets.echoes > 1) || Object.keys(failures).length === 3;
      const { failures } = await looked(crew, "some of each", enough);
      await crew.stop();
      return Object.keys(failures).sort();
    };
    assert.deepEqual(await seen("shop.example", tls.cert), []);
    assert.deepEqual(await seen("other.example"), []);
    assert.deepEqual(
      await seen("other.example", tls.cert),
      ["fresh", "kept", "socket"].map((client) => `${client}: ERR_TLS_CERT_ALTNAME_INVALID`),
    );
    await server.close();
    await rm(dir, { recursive: true });
  });
});

describe("a tally", () => {
  it("has percentiles within 2 %, and none of nothing", () => {
    const histogram = openHistogram();
    assert.deepEqual([histogram.at(0.5), histogram.max()], [0, 0]);
    for (let ms = 1; ms <= 1_000; ms++) histogram.add(ms);
    for (const [part, ms] of [
      [0.5, 500],
      [0.99, 990],
      [1, 1_000],
    ] as const)
      assert(
        histogram.at(part) >= ms && histogram.at(part) <= ms * 1.02,
        `${part}: ${histogram.at(part)}`,
      );
    assert.equal(histogram.max(), 1_000);
  });

  it("keeps to its size, whatever it is told", () => {
    const tally = openTally(() => 0, 0);
    for (let i = 0; i < 2_000; i++) {
      tally.failed("kept", "u", { kind: `status ${i}`, detail: "d" });
      tally.answered(String(i), 1);
      tally.closed({ code: 1006, url: "u", version: "7" });
    }
    const { requests, failures, versions, examples, sockets } = tally.report();
    assert.deepEqual(
      [requests, Object.keys(failures).length, Object.keys(versions).length, examples.length],
      [4_000, 101, 101, 20],
    );
    assert.deepEqual(
      [failures["others"], sockets.closed, sockets.closes.length],
      [1_900, { "1006": 2_000 }, 1_000],
    );
  });
});
