import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Fleet, Session } from "../../src/remote/session.ts";
import { fleetFor } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

const web = createHttpServer((request, response) => {
  const status = Number(request.url?.slice(1));
  if (status === 0) return void response.writeHead(200).write("a body that never ends");
  response.writeHead(status, { "x-host": request.headers.host ?? "", location: "/" }).end("body");
});
const silent = createServer();
const rude = createServer((socket) => socket.destroy());
const other = createServer((socket) => socket.end("SSH-2.0-what\r\n"));
const servers: Server[] = [web, silent, rude, other];
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

before(async () => {
  for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
});
after(() => {
  web.closeAllConnections();
  for (const server of servers) server.close();
});

const host = "127.0.0.1";
const timeoutMs = 60_000;
/** For who will not answer at all. */
const shortMs = 1_000;

for (const [by, config] of [
  ["a forwarded connection", []],
  ["a command, where sshd forwards nothing", ["AllowTcpForwarding no"]],
] as const) {
  describe(`by ${by}`, () => {
    let sshd: Sshd;
    let fleet: Fleet;
    let session: Session;
    before(async () => {
      sshd = await startSshd({ config });
      fleet = fleetFor(sshd);
      session = await fleet.session(sshd.target());
    });
    after(async () => {
      await fleet.close();
      await sshd.stop();
    });

    for (const [status, healthy] of [
      [200, true],
      [302, true],
      [404, false],
      [503, false],
    ] as const) {
      test(`HTTP ${status}`, async () => {
        const seen = await session.probe({
          host,
          port: portOf(web),
          httpPath: `/${status}`,
          timeoutMs,
        });
        assert.equal(seen.healthy, healthy);
        assert.match(seen.text, new RegExp(`^${status} in \\d+ ms$`));
      });
    }
    const cases: readonly [string, () => number, string | undefined, boolean, RegExp][] = [
      ["TCP that listens", () => portOf(silent), undefined, true, /^connected in \d+ ms$/],
      ["TCP that does not", () => 1, undefined, false, /^connection refused$/],
      ["HTTP where nobody listens", () => 1, "/", false, /^connection refused$/],
      ["HTTP that never answers", () => portOf(silent), "/", false, /^no answer in (1 s|time)$/],
      ["HTTP that hangs up", () => portOf(rude), "/", false, /^closed without an answer$/],
    ];
    for (const [name, port, httpPath, healthy, text] of cases) {
      test(name, async () => {
        const limitMs = name.endsWith("never answers") ? shortMs : timeoutMs;
        const path = httpPath === undefined ? {} : { httpPath };
        const seen = await session.probe({ host, port: port(), timeoutMs: limitMs, ...path });
        assert.equal(seen.healthy, healthy);
        assert.match(seen.text, text);
      });
    }
  });
}

describe("what only a forwarded connection sees", () => {
  let sshd: Sshd;
  let fleet: Fleet;
  before(async () => {
    sshd = await startSshd();
    fleet = fleetFor(sshd);
  });
  after(async () => {
    await fleet.close();
    await sshd.stop();
  });
  test("a body that never ends does not matter", async () => {
    const session = await fleet.session(sshd.target());
    const seen = await session.probe({ host, port: portOf(web), httpPath: "/0", timeoutMs });
    assert.equal(seen.healthy, true);
  });
  test("something else than HTTP", async () => {
    const session = await fleet.session(sshd.target());
    assert.deepEqual(await session.probe({ host, port: portOf(other), httpPath: "/", timeoutMs }), {
      healthy: false,
      text: "the answer is not HTTP",
    });
  });
  test("a hundred at once", async () => {
    const session = await fleet.session(sshd.target());
    const probes = Array.from({ length: 100 }, () =>
      session.probe({ host, port: portOf(web), httpPath: "/200", timeoutMs }),
    );
    assert.ok((await Promise.all(probes)).every(({ healthy }) => healthy));
  });
});
