import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ImageMeaning } from "../../src/kinds/machine/proxy/state.ts";
import type { Observation } from "../../src/model/observation.ts";
import { settleProxyImage } from "../../src/pass/settle.ts";
import type { World } from "../../src/pass/world.ts";
import type { Target } from "../../src/remote/session.ts";
import { facts } from "../support/converge.ts";
import { documentsOf } from "../support/sim-fleet.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const machine = (n: number): string => `address: 10.0.0.${n}\n`;

/** What the image means in a fleet, whose machines remember that of it, and which machines were asked. */
async function settled(
  image: string,
  remembered: Readonly<Record<string, ImageMeaning>>,
  app = "listen: 8080\n",
) {
  const documents = await documentsOf(
    {
      "slipway.yaml": `fleet: acme\nproxy: { image: "${image}" }\n`,
      "machines/web-1.yaml": machine(1),
      "machines/web-2.yaml": machine(2),
      "machines/web-3.yaml": machine(3),
      "apps/shop.yaml": `image: example.com/shop:1\nmachines: [web-2, web-3]\nport: 8080\n${app}`,
    },
    "1".repeat(40),
  );
  const observations = [...documents.machines.keys()].map((name): [string, Observation] => {
    const meaning = remembered[name];
    const value = new Map(meaning === undefined ? [] : [["", { meaning }]]);
    const kinds = new Map([["machine/proxy", { state: "present" as const, value }]]);
    const inventory = { state: "absent" as const };
    return [name, { machine: name, facts, inventory, kinds, troubles: [] }];
  });
  const asked: string[] = [];
  const world = {
    remote: {
      session: async ({ machine: name }: Target) => {
        asked.push(name);
        const body = { Descriptor: { digest: digest("a") } };
        return await Promise.resolve({ engine: async () => ({ status: 200, body }) });
      },
    },
  } as unknown as World;
  const apps = [...documents.apps.values()];
  const found = await settleProxyImage(world, documents, apps, new Map(observations), {
    asked: new Map(),
    loginOf: () => undefined,
  });
  return [found, asked];
}

const text = "haproxy:lts";
const found = `haproxy@${digest("a")}`;

describe("the name of the proxies' image", () => {
  it("means what a machine that has a proxy finds out", async () => {
    assert.deepEqual(await settled(text, {}), [found, ["web-2"]]);
  });

  it("means what it meant for any of them before", async () => {
    for (const reference of [`haproxy@${digest("b")}`, digest("b")])
      assert.deepEqual(await settled(text, { "web-3": { text, reference } }), [reference, []]);
  });

  it("is asked for again where another name is remembered, or another's image", async () => {
    const other = { text: "haproxy:3.2", reference: `haproxy@${digest("b")}` };
    const foreign = { text, reference: `evil.example/haproxy@${digest("b")}` };
    const odd = { text, reference: "haproxy:latest" };
    for (const meaning of [other, foreign, odd])
      assert.deepEqual(await settled(text, { "web-1": meaning }), [found, ["web-2"]]);
  });

  it("is not asked for where it says it itself, and where no machine has a proxy", async () => {
    const pinned = `haproxy:lts@${digest("c")}`;
    assert.deepEqual(await settled(pinned, {}), [pinned, []]);
    assert.deepEqual(await settled(text, {}, "listen: off\n"), [undefined, []]);
  });
});
