import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reachOf } from "../../src/cli/reach.ts";
import { treeChanges } from "../../src/cli/tree-changes.ts";
import { load } from "../../src/load/load.ts";
import { snapshotOf } from "../support/repo.ts";

const files = {
  "slipway.yaml": "fleet: acme\n",
  "machines/web-1.yaml": "address: 203.0.113.10\nprivateAddress: 10.0.0.11\n",
  "machines/web-2.yaml": "address: 203.0.113.11\n",
  "apps/shop.yaml": `
image: shop:1
machines: all
port: 8080
publish: ["public:443:8443", "8080:8080", "local:9000:9000", "203.0.113.10:53:53/udp"]
perMachine:
  web-2: { publish: ["8000-8002:8000-8002"] }
`,
  "apps/agent.yaml": "image: agent:1\nmachines: web-1\nnetwork: host\n",
  "apps/off.yaml": 'image: off:1\nmachines: web-1\nport: 1\npublish: ["7000:1"]\nstate: stopped\n',
};

describe("who can reach what", () => {
  it("is told by port and machine, the public ones first", async () => {
    const { documents, findings } = await load(snapshotOf(files));
    assert(documents !== undefined, JSON.stringify(findings));
    const reach = reachOf([...documents.apps.values()], documents);
    assert.deepEqual(
      reach.map((r) => `${r.isPublic ? "!" : " "} ${r.what} | ${r.who} | ${r.where}`),
      [
        "! agent (the machine's own network) | anyone who reaches the machine | web-1 (all addresses)",
        "! shop:443 | anyone | web-1 (all addresses)",
        "! shop:53/udp | whoever reaches 203.0.113.10 | web-1 (203.0.113.10)",
        "  shop:8080 | the private network | web-1 (10.0.0.11)",
        "  shop:9000 | the machine itself | web-1 (127.0.0.1)",
        "  shop:8000-8002 | the machine itself and its containers | web-2 (no private address)",
      ],
    );
  });
});

describe("what a rollback does to files", () => {
  it("is told by path", () => {
    const from = snapshotOf({ a: "1", b: "2", c: "3" });
    const to = snapshotOf({ a: "1", b: "x", d: "4" });
    assert.deepEqual(treeChanges(from, to), { added: ["d"], changed: ["b"], removed: ["c"] });
  });
});
