import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectH2 } from "node:http2";
import { get as getPlain, type IncomingMessage } from "node:http";
import { after, before, describe, it } from "node:test";
import type { ProxySpec } from "../../../../src/kinds/shared/proxy/spec.ts";
import { until } from "../../../fleet/wait.ts";
import { ask, heard, type Answered, type Asked } from "../../../support/ask.ts";
import { emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";
import { freePorts, startProxy, type Proxy } from "../../../support/running-haproxy.ts";
import { openSocket, startClients } from "../../../support/clients.ts";
import { startWebApp, type WebApp } from "../../../support/web-app.ts";

const [first, second, third, remote] = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];

describe("what serves", () => {
  let proxy: Proxy;
  let port = 0;
  const apps = new Map<string, WebApp>();
  const start = async (address: string): Promise<void> =>
    void apps.set(address, await startWebApp(address, port));
  const stop = async (address: string): Promise<void> => {
    await apps.get(address)?.stop();
    apps.delete(address);
  };
  before(async () => {
    [port = 0] = await freePorts(1);
    for (const address of [first, second, third, remote]) await start(address);
    proxy = await startProxy(specOf(port));
  });
  after(async () => {
    await proxy.stop();
    for (const address of apps.keys()) await stop(address);
  });

  const get = async (host: string, path = "/", more: Partial<Asked> = {}): Promise<Answered> =>
    await ask({ port: proxy.site.httpPort, host, path, ...more });
  const isUp = async (server: string, wanted: boolean): Promise<void> => {
    const [backend = "", name = ""] = server.split("/");
    await until(`${server} is ${wanted ? "up" : "down"}`, async () => {
      const { servers } = await proxy.read();
      const found = servers.find((one) => one.backend === backend && one.slot === name);
      return found?.up === wanted || undefined;
    });
  };

  it("speaks HTTP/2 to those who can", async () => {
    const session = connectH2(`https://127.0.0.1:${proxy.site.httpsPort}`, {
      servername: "two.test",
      rejectUnauthorized: false,
    });
    const stream = session.request({ ":path": "/h2", ":authority": "two.test" });
    let body = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => (body += chunk));
    await once(stream, "end");
    session.close();
    assert.equal((JSON.parse(body) as { url: string }).url, "/h2");
    assert.equal(session.alpnProtocol, "h2");
  });

  it("lets WebSockets through", async () => {
    const socket = await openSocket(proxy.site.httpPort, "one.test");
    socket.write("hello");
    const [chunk] = (await once(socket, "data")) as [Buffer];
    assert.equal(chunk.toString(), "hello");
    socket.destroy();
  });

  it("sends events as they come, and tells the app when nobody listens any more", async () => {
    const call = getPlain({
      host: "127.0.0.1",
      port: proxy.site.httpPort,
      path: "/events/60000",
      headers: { host: "one.test", accept: "text/event-stream" },
      agent: false,
    });
    const [reply] = (await once(call, "response")) as [IncomingMessage];
    const [chunk] = (await once(reply, "data")) as [Buffer];
    assert.equal(chunk.toString(), "data: first\n\n");
    call.on("error", () => undefined);
    call.destroy();
    await until("the app has seen it", async () => apps.get(first)?.left() === 1 || undefined);
  });

  it("asks another where one goes away without an answer", async () => {
    const by = new Set<string>();
    for (let i = 0; i < 4; i++) by.add(heard(await get("two.test", `/die/${first}`)).by);
    assert.deepEqual([...by], [second]);
    const posts = await Promise.all(
      [1, 2, 3, 4].map(async () => await get("two.test", `/die/${first}`, { method: "POST" })),
    );
    assert.equal(posts.filter(({ status }) => status === 502).length, 2);
  });

  it("keeps no connection to an app that the app might close first", async () => {
    await Promise.all([1, 2, 3].map(async () => await get("one.test")));
    const isQuiet = async (): Promise<true | undefined> =>
      apps.get(first)?.open() === 0 || undefined;
    await until("none is open", isQuiet, 8_000);
  });

  it("keeps clients with their instance where a route wants it", async () => {
    const one = await get("sticky.test");
    const [cookie = ""] = one.headers["set-cookie"] ?? [];
    assert.match(cookie, /^slipway=i[12]; path=\/; HttpOnly$/);
    const headers = { cookie: `mine=1; ${cookie.replace(/;.*/, "")}` };
    for (let i = 0; i < 4; i++) {
      const again = heard(await get("sticky.test", "/", { headers }));
      assert.equal(again.by, heard(one).by);
      assert.equal(again.headers["cookie"], "mine=1");
    }
    const secure = await get("sticky.test", "/", { port: proxy.site.httpsPort, tls: true });
    assert.match(String(secure.headers["set-cookie"]), /HttpOnly; Secure$/);
    assert.equal((await get("two.test")).headers["set-cookie"], undefined);
    const others = new Set<string>();
    for (let i = 0; i < 4; i++) others.add(heard(await get("two.test", "/", { headers })).by);
    assert.equal(others.size, 2);
  });

  it("loses no request when an instance goes", async () => {
    const cookies = { headers: { cookie: "slipway=i1" } };
    await stop(first);
    for (let i = 0; i < 6; i++) {
      assert.equal(heard(await get("sticky.test", "/", cookies)).by, second);
      assert.equal(heard(await get("two.test", "/", { method: "POST" })).by, second);
    }
    await isUp("two.local/i1a", false);
    assert.match(
      String((await get("sticky.test", "/", cookies)).headers["set-cookie"]),
      /slipway=i2/,
    );
    await start(first);
    await isUp("two.local/i1a", true);
  });

  it("asks other machines while nobody here answers", async () => {
    assert.equal(heard(await get("backed.test")).by, third);
    await stop(third);
    const during = await Promise.all(
      [1, 2, 3].map(async () => await get("backed.test", "/", { method: "POST" })),
    );
    for (const said of during) assert.equal(heard(said).by, remote);
    await start(third);
    await isUp("backed/i1a", true);
    assert.equal(heard(await get("backed.test")).by, third);
  });

  it("asks for health by the app's own path and name", async () => {
    await isUp("checked.local/i1a", true);
    assert.ok(apps.get(third)?.asked.includes("GET /up/checked.test"));
    await proxy.say(`set map ${proxy.site.etc}/check-paths.map checked.local/i1a /status/500`);
    await isUp("checked.local/i1a", false);
    assert.equal((await get("checked.test")).status, 503);
  });

  it("moves to a successor without losing a request, and keeps what is under way", async () => {
    const socket = await openSocket(proxy.site.httpPort, "one.test");
    const load = startClients(proxy.site.httpPort, "one.test");
    for (const line of switchTo(second, port)) await proxy.say(line);
    await until("the successor is asked", async () => load.by.has(second) || undefined);
    const open = async (): Promise<readonly string[]> =>
      (await proxy.counters())
        .filter(({ backend, slot }) => backend.startsWith("one") && slot === "i1a")
        .flatMap(({ backend, connections }) => (connections === 0 ? [] : [backend]));
    assert.deepEqual(await open(), ["one"]);
    socket.write("still");
    const [chunk] = (await once(socket, "data")) as [Buffer];
    assert.equal(chunk.toString(), "still");
    socket.destroy();
    await until("the first is drained", async () => (await open()).length === 0 || undefined);
    assert.deepEqual(await load.stop(), []);
  });
});

const specOf = (port: number): ProxySpec => {
  const member = (address: string, i: number): { instance: number; address: string } => ({
    instance: i + 1,
    address,
  });
  const quick = { intervalMs: 200, timeoutMs: 1_000 };
  return {
    ...emptyProxy,
    peers: ["127.0.0.1"],
    pools: [
      poolOf("one", { port, local: [member(first, 0)] }),
      poolOf("two", { port, local: [first, second].map(member), sticky: true, check: quick }),
      poolOf("backed", {
        port,
        local: [member(third, 0)],
        remote: [{ machine: "web-2", address: remote, port }],
        check: quick,
      }),
      poolOf("checked", {
        port,
        local: [member(third, 0)],
        check: { ...quick, path: "/up/checked.test" },
      }),
    ],
    routes: [
      routeOf("one.test", { pool: "one" }),
      routeOf("two.test", { pool: "two" }),
      routeOf("sticky.test", { pool: "two", sticky: true }),
      routeOf("backed.test", { pool: "backed" }),
      routeOf("checked.test", { pool: "checked" }),
      routeOf("secure.test", { pool: "one", tls: "on" }),
    ],
  };
};

/** What a deploy says: the new one first, in both halves, as the old one's state is shared. */
const switchTo = (address: string, port: number): readonly string[] => [
  ...["one.local", "one"].flatMap((backend) => [
    `set server ${backend}/i1b addr ${address} port ${port}`,
    `set server ${backend}/i1b state ready`,
  ]),
  ...["one", "one.local"].map((backend) => `set server ${backend}/i1a state maint`),
];
