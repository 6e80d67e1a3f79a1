import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PortBinding } from "../../src/kinds/index.ts";
import { compileFiles, containersOf, shop } from "./compiled.ts";

const privately = "address: 203.0.113.10\nprivateAddress: 10.0.0.11\n";
const inPrivateRange = "address: 10.0.0.12\n";
const publicOnly = "address: 203.0.113.10\n";

const said = (ports: readonly PortBinding[]): readonly string[] =>
  ports.map((p) => `${p.hostIp}|${p.hostPort}|${p.containerPort}/${p.protocol}`);

const cases: readonly (readonly [machine: string, publish: string, ...bound: string[]])[] = [
  [privately, "5432:5432", "10.0.0.11|5432|5432/tcp"],
  [privately, "private:80:8080", "10.0.0.11|80|8080/tcp"],
  [inPrivateRange, "5432:5432", "10.0.0.12|5432|5432/tcp"],
  [publicOnly, "5432:5432", "127.0.0.1|5432|5432/tcp", "172.30.0.1|5432|5432/tcp"],
  ["address: example.com\n", "1:1", "127.0.0.1|1|1/tcp", "172.30.0.1|1|1/tcp"],
  [privately, "public:443:8443", "|443|8443/tcp"],
  [publicOnly, "public:443:8443", "|443|8443/tcp"],
  [privately, "local:9000:9000", "127.0.0.1|9000|9000/tcp"],
  [privately, "203.0.113.10:53:5353/udp", "203.0.113.10|53|5353/udp"],
  [privately, "0.0.0.0:53:53", "0.0.0.0|53|53/tcp"],
  [privately, "[fd00::11]:80:80", "fd00::11|80|80/tcp"],
  [
    privately,
    "8000-8002:9000-9002",
    "10.0.0.11|8000|9000/tcp",
    "10.0.0.11|8001|9001/tcp",
    "10.0.0.11|8002|9002/tcp",
  ],
  [
    publicOnly,
    "70-71:80-81/udp",
    "127.0.0.1|70|80/udp",
    "172.30.0.1|70|80/udp",
    "127.0.0.1|71|81/udp",
    "172.30.0.1|71|81/udp",
  ],
  ["address: 203.0.113.10\nprivateAddress: fd00::11\n", "80:80", "fd00::11|80|80/tcp"],
];

for (const [machine, publish, ...bound] of cases) {
  test(`publish ${publish} on ${machine.trim().replaceAll("\n", ", ")}`, async () => {
    const spec = await shop([`publish: ["${publish}"]`], machine);
    assert.deepEqual(said(spec.ports), bound);
  });
}

test("what binds the bridge awaits it; what does not, and the rest of the machine, goes on", async () => {
  const files = {
    "machines/web-1.yaml": publicOnly,
    "machines/web-2.yaml": "address: 203.0.113.12\nprivateAddress: 10.0.0.12\n",
    "apps/shop.yaml": 'image: shop:1\nmachines: all\npublish: ["80:80"]\n',
    "apps/shut.yaml": 'image: shut:1\nmachines: all\npublish: ["local:81:81", "public:82:82"]\n',
  };
  const compiled = await compileFiles(files, {
    gateways: { "web-1": undefined, "web-2": undefined },
  });
  assert.deepEqual(compiled.awaiting, [
    { address: "machine/web-1/app/shop/container/1", family: "shop", on: "slipway-acme" },
  ]);
  assert.deepEqual(Object.keys(containersOf(compiled)), [
    "web-1/shut/1",
    "web-2/shop/1",
    "web-2/shut/1",
  ]);
  const supports = compiled.resources.filter((r) => r.machine === "web-1" && r.app === "shop");
  assert.deepEqual(
    supports.map((r) => r.kind),
    ["app/image"],
    "its image can come meanwhile",
  );
});

test("an app on the host's network binds nothing through the engine", async () => {
  const spec = await shop(["network: host", "port: 80"]);
  assert.deepEqual(spec.ports, []);
  assert.equal(spec.networks, "host");
});

const port = fc.integer({ min: 1, max: 60_000 });
const scopes = ["", "private:", "public:", "local:", "198.51.100.7:", "0.0.0.0:", "10.0.0.11:"];
const publishTexts = fc
  .uniqueArray(port, { minLength: 1, maxLength: 4 })
  .chain((hosts) =>
    fc.tuple(
      ...hosts.map((host) =>
        fc
          .tuple(fc.constantFrom(...scopes), port, fc.constantFrom("", "/tcp", "/udp"))
          .map(([scope, to, protocol]) => `${scope}${host}:${to}${protocol}`),
      ),
    ),
  );
const machines = fc.constantFrom(privately, inPrivateRange, publicOnly, "address: example.com\n");
const isPrivate = /^(?:10\.0\.0\.1[12]|127\.0\.0\.1|172\.30\.0\.1)$/;

test("nothing is bound to a public address unless its entry says so", async () => {
  await fc.assert(
    fc.asyncProperty(machines, publishTexts, async (machine, texts) => {
      const { ports } = await shop([`publish: ${JSON.stringify(texts)}`], machine);
      for (const { hostIp, hostPort } of ports) {
        const text = texts.find((t) => t.includes(`${hostPort}:`)) ?? "";
        const own = texts.filter((t) => new RegExp(`(?:^|:)${hostPort}:`).test(t));
        const isTold = own.some((t) => t.startsWith("public:") || t.startsWith(`${hostIp}:`));
        assert.ok(isPrivate.test(hostIp) || isTold, `${text} binds '${hostIp}'`);
      }
    }),
    { numRuns: 150 },
  );
});
