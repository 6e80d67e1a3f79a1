import assert from "node:assert/strict";
import { test } from "node:test";
import type { FirewallSpec } from "../../src/kinds/index.ts";
import { openingText } from "../../src/lib/opening.ts";
import { compileFiles, type CompileOptions } from "./compiled.ts";

async function specOn(
  machine: string,
  files: Readonly<Record<string, string>>,
  options?: CompileOptions,
): Promise<FirewallSpec | undefined> {
  const { resources } = await compileFiles({ "slipway.yaml": "fleet: acme\n", ...files }, options);
  const found = resources.find((r) => r.kind === "machine/firewall" && r.machine === machine);
  return found?.spec as FirewallSpec | undefined;
}

const machines = {
  "machines/web-1.yaml":
    "address: 203.0.113.10\nprivateAddress: 10.0.0.11\nssh: { port: 2222 }\nfirewall:\n  allow: [{ port: 9999, from: [10.0.0.0/8, 2001:db8::/32] }, { port: 53, protocol: udp }]\n",
  "machines/web-2.yaml": "address: 203.0.113.12\nprivateAddress: 10.0.0.12\n",
  "machines/web-3.yaml": "address: 203.0.113.13\n",
};

test("a machine without it is left alone", async () => {
  assert.equal(await specOn("web-2", machines), undefined);
});

test("what is declared to be public comes in, and what is not does not", async () => {
  const app = (more: string): string => `image: a:1\nmachines: web-1\n${more}`;
  const spec = await specOn("web-1", {
    ...machines,
    "apps/a.yaml": app(
      'publish: ["public:443:1", "80:2", "local:81:3", "203.0.113.10:82:4/udp", "10.0.0.11:83:5", "0.0.0.0:84-86:84-86"]\n',
    ),
    "apps/b.yaml": app('publish: ["public:90:1"]\nstate: stopped\n'),
    "apps/c.yaml": app('publish: ["public:91:1"]\ninstances: 0\n'),
    "apps/d.yaml": app("network: host\n"),
    "apps/e.yaml": 'image: a:1\nmachines: web-2\npublish: ["public:92:1"]\n',
  });
  assert.deepEqual(spec?.declared.map(openingText), [
    "tcp 443",
    "tcp 84-86",
    "udp 82 to 203.0.113.10",
  ]);
  assert.deepEqual(spec?.allow.map(openingText), [
    "tcp 9999 from 10.0.0.0/8",
    "tcp 9999 from 2001:db8::/32",
    "udp 53",
  ]);
  const { ssh, address, privateAddress, peers } = spec;
  assert.deepEqual(
    { ssh, address, privateAddress, peers },
    {
      ssh: 2222,
      address: "203.0.113.10",
      privateAddress: "10.0.0.11",
      peers: ["10.0.0.12"],
    },
  );
});

test("80 and 443 are open where a route stands, which may be another machine", async () => {
  const routed = (via: string): Readonly<Record<string, string>> => ({
    ...machines,
    "apps/a.yaml": `image: a:1\nmachines: web-2\nport: 8080\nroutes: [{ host: a.example.com, via: ${via} }]\n`,
  });
  const open = async (via: string) =>
    (await specOn("web-1", routed(via)))?.declared.map(openingText);
  assert.deepEqual(await open("web-1"), ["tcp 443", "tcp 80"]);
  assert.deepEqual(await open("web-2"), []);
});

test("the private network's port is open", async () => {
  const network = "firewall: {}\nwireguard: { address: 10.90.0.1/24";
  const open = async (more: string): Promise<readonly string[] | undefined> =>
    (
      await specOn("web-1", {
        "machines/web-1.yaml": `address: 203.0.113.10\n${network}${more} }\n`,
      })
    )?.declared.map(openingText);
  assert.deepEqual(await open(""), ["udp 51820"]);
  assert.deepEqual(await open(", port: 51999"), ["udp 51999"]);
});

const isOpen: readonly (readonly [
  says: string,
  publish: string,
  has: readonly string[],
  leaving: readonly string[] | undefined,
])[] = [
  ["another port takes its place", '["public:9090:1"]', [" 8080 tcp"], ["tcp 8080"]],
  ["it is had already", '["public:8080-8081:1-2"]', ["0.0.0.0 8080 tcp", ":: 8081 tcp"], undefined],
  ["one of several goes", '["public:80:1"]', [" 80 tcp", " 22 tcp"], undefined],
  ["it is no longer to be public", '["8080:1"]', [" 8080 tcp"], undefined],
  ["nothing is published any more", "[]", [" 8080 tcp"], undefined],
  [
    "it was not public",
    '["public:9090:1"]',
    ["10.0.0.11 8080 tcp", "127.0.0.1 8080 tcp"],
    undefined,
  ],
  [
    "another of an address and a protocol",
    '["public:9090:1"]',
    ["203.0.113.10 82 udp"],
    ["udp 82 to 203.0.113.10"],
  ],
];

for (const [says, publish, has, leaving] of isOpen)
  test(`what a container has that is still to be replaced stays open where ${says}`, async () => {
    const published = has.map((text) => {
      const [hostIp = "", port, protocol] = text.split(" ");
      return {
        hostIp,
        hostPort: Number(port),
        protocol: protocol === "udp" ? "udp" : "tcp",
      } as const;
    });
    const spec = await specOn(
      "web-1",
      {
        ...machines,
        "apps/a.yaml": `image: a:1\nmachines: web-1\npublish: ${publish}\n`,
      },
      { published: { "web-1": { a: published, gone: published } } },
    );
    assert.deepEqual(spec?.leaving?.map(openingText), leaving);
  });
