import assert from "node:assert/strict";
import { test } from "node:test";
import { wireguardOn } from "../../src/desired/wireguard.ts";
import type { WireguardSpec, WireguardState } from "../../src/kinds/index.ts";
import { confOf } from "../../src/kinds/machine/wireguard/conf.ts";
import { documentsOf } from "../load/repos.ts";

const keys = {
  "web-1": "IKE5WWyxoy8AAMCasH5ikObNQ8xDAm8r5opP43xr3T4=",
  "web-2": "r2YsZbPBndKoj4KtumpBPgqrojDVTYo0lkr4fExVHB0=",
};

const { machines } = await documentsOf({
  "slipway.yaml": "fleet: acme\n",
  "machines/web-1.yaml": "address: 203.0.113.11\nwireguard: { address: 10.90.0.1/24 }\n",
  "machines/web-2.yaml":
    'address: "2001:db8::2"\nwireguard: { address: 10.90.0.2/24, port: 51999 }\n',
  "machines/web-3.yaml": "address: 203.0.113.13\n",
});

const ofWeb1 = (seen: Readonly<Record<string, WireguardState | undefined>>) => {
  const document = machines.get("web-1");
  assert.ok(document !== undefined);
  const contexts = new Map(
    Object.entries(seen).map(([name, wireguard]) => [
      name,
      wireguard === undefined ? {} : { wireguard },
    ]),
  );
  const { resources, awaiting } = wireguardOn(document, machines, contexts);
  const spec = resources[0]?.spec as WireguardSpec;
  return { spec, awaiting };
};

const peer = {
  name: "web-2",
  key: keys["web-2"],
  endpoint: "[2001:db8::2]:51999",
  allowed: "10.90.0.2/32",
};

test("a key that is not made yet is awaited", () => {
  const { spec, awaiting } = ofWeb1({ "web-1": undefined, "web-2": undefined, "web-3": undefined });
  assert.deepEqual(spec, { address: "10.90.0.1/24", port: 51_820, peers: [] });
  assert.deepEqual(awaiting, [
    { address: "machine/web-1/wireguard/web-2", on: "the key of web-2" },
  ]);
});

test("machines that have made theirs are peers", () => {
  const { spec, awaiting } = ofWeb1({ "web-1": {}, "web-2": { key: keys["web-2"] } });
  assert.deepEqual(spec.peers, [peer]);
  assert.deepEqual(awaiting, []);
});

test("one that does not answer stays what it was", () => {
  const before = ofWeb1({ "web-1": {}, "web-2": { key: keys["web-2"] } }).spec;
  const { spec, awaiting } = ofWeb1({
    "web-1": { key: keys["web-1"], conf: confOf(before, "/var/lib/slipway/acme") },
  });
  assert.deepEqual(spec, before);
  assert.deepEqual(awaiting, []);
});

test("one that never answered is no peer, and nothing waits for it", () => {
  const { spec, awaiting } = ofWeb1({ "web-1": { key: keys["web-1"] } });
  assert.deepEqual(spec.peers, []);
  assert.deepEqual(awaiting, []);
});
