import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { test } from "node:test";
import { sameLayout } from "../../../../src/kinds/shared/proxy/layout.ts";
import type { ProxySpec } from "../../../../src/kinds/shared/proxy/spec.ts";
import { until } from "../../../fleet/wait.ts";
import { openSocket, startClients } from "../../../support/clients.ts";
import { emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";
import { freePorts, startProxy } from "../../../support/running-haproxy.ts";
import { startWebApp } from "../../../support/web-app.ts";

test("another layout takes the listeners over, and nobody notices", async (t) => {
  const [port = 0, listen = 0] = await freePorts(2);
  const app = await startWebApp("127.0.0.2", port);
  const spec: ProxySpec = {
    ...emptyProxy,
    pools: [poolOf("shop", { port, local: [{ instance: 1, address: "127.0.0.2" }] })],
    routes: [routeOf("shop.test", { pool: "shop" })],
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const former = await startProxy(spec);
  t.after(async () => {
    agent.destroy();
    await former.stop();
    await app.stop();
  });
  const { httpPort } = former.site;
  const clients = startClients(httpPort, "shop.test");
  const socket = await openSocket(httpPort, "shop.test");
  t.after(async () => await clients.stop());
  const onSame = async (): Promise<Seen> => {
    const call = get({ host: "127.0.0.1", port: httpPort, headers: { host: "shop.test" }, agent });
    const [reply] = (await once(call, "response")) as [IncomingMessage];
    const { statusCode: status = 0, headers, socket } = reply;
    const said = { status, from: socket.localPort ?? 0, closes: headers.connection === "close" };
    await reply.resume().toArray();
    return said;
  };
  const { from } = await onSame();

  const listens = [
    {
      port: listen,
      addresses: ["127.0.0.1"],
      protocol: "http" as const,
      pools: [{ pool: "shop", names: ["shop"] }],
    },
  ];
  const next = await startProxy({ ...spec, listens }, former);
  assert.ok(!sameLayout(former.layout, next.layout));
  t.after(async () => await next.stop());
  const gone = former.leave();

  // A connection that was idle is closed with an answer, not as its client sends.
  await until("it closes", async () => {
    const seen = await onSame();
    assert.deepEqual([seen.status, seen.from], [200, from]);
    return seen.closes || undefined;
  });
  socket.write("still here");
  const [chunk] = (await once(socket, "data")) as [Buffer];
  assert.equal(chunk.toString(), "still here");
  socket.destroy();
  await gone;
  assert.deepEqual(await clients.stop(), []);
  assert.deepEqual([...clients.by], ["127.0.0.2"]);
});

interface Seen {
  readonly status: number;
  readonly from: number;
  readonly closes: boolean;
}
