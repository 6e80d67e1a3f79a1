import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load } from "../../src/load/load.ts";
import { reachOf } from "../../src/pass/reach.ts";
import { snapshotOf } from "../support/repo.ts";

const machines = {
  "machines/web-1.yaml": "address: 203.0.113.10\nprivateAddress: 10.0.0.11\n",
  "machines/web-2.yaml": "address: 203.0.113.11\n",
};

async function told(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { documents, findings } = await load(
    snapshotOf({ "slipway.yaml": "fleet: acme\n", ...machines, ...files }),
  );
  assert(documents !== undefined, JSON.stringify(findings));
  const reach = reachOf([...documents.apps.values()], documents);
  return reach.map((r) => `${r.isPublic ? "!" : " "} ${r.what} | ${r.who} | ${r.where}`);
}

describe("who can reach what", () => {
  it("is told by port and machine, the public ones first", async () => {
    const files = {
      "apps/shop.yaml": `
image: shop:1
machines: all
port: 8080
publish: ["public:443:8443", "8080:8080", "local:9000:9000", "203.0.113.10:53:53/udp"]
perMachine:
  web-2: { publish: ["8000-8002:8000-8002"] }
`,
      "apps/agent.yaml": "image: agent:1\nmachines: web-1\nnetwork: host\n",
      "apps/off.yaml":
        'image: off:1\nmachines: web-1\nport: 1\npublish: ["7000:1"]\nstate: stopped\n',
    };
    assert.deepEqual(await told(files), [
      "! agent (the machine's own network) | anyone who reaches the machine | web-1 (all addresses)",
      "! shop:443 | anyone | web-1 (all addresses)",
      "! shop:53/udp | whoever reaches 203.0.113.10 | web-1 (203.0.113.10)",
      "  shop:8080 | the private network | web-1 (10.0.0.11)",
      "  shop:9000 | the machine itself | web-1 (127.0.0.1)",
      "  shop:8000-8002 | the machine itself and its containers | web-2 (no private address)",
    ]);
  });

  it("knows what a firewall closes", async () => {
    const files = {
      "machines/web-1.yaml":
        "address: 203.0.113.10\nprivateAddress: 10.0.0.11\nfirewall: { allow: [{ port: 9100, from: 198.51.100.0/24 }] }\n",
      "machines/web-2.yaml": "address: 10.0.0.12\nfirewall: {}\n",
      "apps/agent.yaml": "image: agent:1\nmachines: all\nnetwork: host\n",
      "apps/shop.yaml":
        'image: shop:1\nmachines: all\nport: 8080\npublish: ["public:443:8443", "8080:8080"]\n',
    };
    assert.deepEqual(await told(files), [
      "! agent (the machine's own network) | the private network, and from outside what the machine allows: 9100 from 198.51.100.0/24 | web-1 (all addresses)",
      "! shop:443 | anyone | web-1 (all addresses)",
      "! shop:443 | anyone | web-2 (all addresses)",
      "  agent (the machine's own network) | the machines of the fleet | web-2 (all addresses)",
      "  shop:8080 | the private network | web-1 (10.0.0.11)",
      "  shop:8080 | the machines of the fleet | web-2 (10.0.0.12)",
    ]);
  });

  it("names routes and numbers, and by whose proxies they stand", async () => {
    const files = {
      "apps/shop.yaml": `
image: shop:1
machines: all
port: { http: 8080, admin: 9000 }
listen: { admin: off }
routes:
  - { host: [shop.example.com, "*.shop.example.com"], tls: off }
  - { host: admin.example.com, path: /shop/, port: admin }
  - { host: www.example.com, tls: off, redirect: "https://shop.example.com/" }
  - { host: old.example.com, maintenance: true }
`,
      "apps/cache.yaml": "image: cache:1\nmachines: web-1\nport: 6379\n",
      "apps/blog.yaml":
        "image: blog:1\nmachines: web-1\nport: 3000\nroutes: [{ host: blog.example.com, via: web-2 }]\nstate: stopped\n",
    };
    const all = "anyone | the proxies of web-1 and web-2";
    assert.deepEqual(await told(files), [
      "! https://blog.example.com/ → 503, blog is stopped | anyone | the proxy of web-2",
      `! http://shop.example.com/ → shop | ${all}`,
      `! http://*.shop.example.com/ → shop | ${all}`,
      `! https://admin.example.com/shop → shop (admin) | ${all}`,
      `! http://www.example.com/ → https://shop.example.com | ${all}`,
      `! https://old.example.com/ → 503, shop is in maintenance | ${all}`,
      "  cache:6379 | the private network | web-1 (10.0.0.11)",
      "  shop:8080 | the private network | web-1 (10.0.0.11)",
      "  shop:8080 | the machine itself and its containers | web-2 (no private address)",
    ]);
  });
});
