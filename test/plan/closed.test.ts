import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { closuresOf, type Closure } from "../../src/plan/closed.ts";
import { documentsOf, type Files } from "../support/sim-fleet.ts";

const files: Files = {
  "slipway.yaml": "fleet: acme\n",
  "machines/web-1.yaml": "address: 10.0.0.11\n",
  "apps/shop.yaml": "image: shop:1\n",
  "apps/db.yaml": "image: db:1\n",
};
const weekend = `freeze:
  - schedule: "0 17 * * 5"
    for: 62h
    timezone: Europe/Berlin
    reason: weekend
`;

/** What is closed at a moment: of the fleet, and of shop. */
async function closed(
  now: string,
  { fleet = "", shop = "" },
): Promise<{ readonly fleet?: Closure | undefined; readonly shop?: Closure | undefined }> {
  const changed = {
    ...files,
    "slipway.yaml": `fleet: acme\n${fleet}`,
    "apps/shop.yaml": `image: shop:1\n${shop}`,
  };
  const closures = closuresOf(await documentsOf(changed, "1".repeat(40)), Date.parse(now));
  return { fleet: closures.fleet, shop: closures.apps.get("shop") };
}

const cases: readonly (readonly [string, string, string, string | undefined])[] = [
  ["before it begins", "2026-12-18T15:59:59Z", weekend, undefined],
  [
    "from its first moment",
    "2026-12-18T16:00:00Z",
    weekend,
    "frozen until Mon 07:00 Europe/Berlin (weekend), apps/shop.yaml:3",
  ],
  [
    "until its last",
    "2026-12-21T05:59:59.999Z",
    weekend,
    "frozen until Mon 07:00 Europe/Berlin (weekend), apps/shop.yaml:3",
  ],
  ["not at its end", "2026-12-21T06:00:00Z", weekend, undefined],
  [
    "an hour less on the clock where one is lost",
    "2026-03-28T12:00:00Z",
    weekend,
    "frozen until Mon 08:00 Europe/Berlin (weekend), apps/shop.yaml:3",
  ],
  [
    "one after another",
    "2026-12-19T00:00:00Z",
    'freeze: [{ schedule: "0 0 * * 0,6", for: 1d }, { schedule: "0 0 21 12 *", for: 14d, reason: holidays }]\n',
    "frozen until Mon 4 Jan 2027 00:00 UTC, apps/shop.yaml:2",
  ],
  [
    "without an end",
    "2026-12-19T00:00:00Z",
    'freeze: [{ schedule: "0 0 * * *", for: 1d }]\n',
    "frozen, apps/shop.yaml:2",
  ],
  [
    "a pause",
    "2026-12-19T00:00:00Z",
    "paused: { reason: moving }\n",
    "paused (moving), apps/shop.yaml:2",
  ],
  [
    "a pause until a day",
    "2026-12-01T00:00:00Z",
    "paused: { reason: moving, until: 2026-12-24 }\n",
    "paused until Thu 24 Dec 2026 00:00 UTC (moving), apps/shop.yaml:2",
  ],
  [
    "a pause is over",
    "2026-12-24T00:00:00Z",
    "paused: { reason: a, until: 2026-12-24 }\n",
    undefined,
  ],
];

for (const [name, now, shop, wanted] of cases)
  test(`closed: ${name}`, async () => {
    const found = await closed(now, { shop });
    assert.equal(found.shop?.text, wanted);
    assert.equal(found.fleet, undefined);
  });

test("what closes the fleet closes every app; the one that lasts longest is told", async () => {
  const pause = "paused: { reason: moving, until: 2026-12-20 }\n";
  const { fleet, shop } = await closed("2026-12-19T00:00:00Z", { fleet: weekend, shop: pause });
  assert.equal(fleet?.text, "frozen until Mon 07:00 Europe/Berlin (weekend), slipway.yaml:3");
  assert.deepEqual(shop, fleet);
  const other = await closed("2026-12-19T00:00:00Z", {
    fleet: pause,
    shop: "paused: { reason: a }\n",
  });
  assert.equal(other.shop?.text, "paused (a), apps/shop.yaml:2");
  assert.equal(other.shop?.untilMs, undefined);
  assert.equal(other.fleet?.untilMs, Date.parse("2026-12-20"));
});

test("what is closed is open at the end that it says, and closed all the time until then", async () => {
  const minute = 60_000;
  const documents = await documentsOf(
    {
      ...files,
      "slipway.yaml": `fleet: acme\n${weekend}`,
      "apps/shop.yaml": `image: a:1\nfreeze: [{ schedule: "30 2 * * *", for: 3h, timezone: America/New_York }]\n`,
    },
    "1".repeat(40),
  );
  const anyMoment = fc
    .integer({ min: 0, max: 2 * 365 * 1440 })
    .map((m) => Date.UTC(2026, 0, 1) + m * minute);
  fc.assert(
    fc.property(anyMoment, fc.double({ min: 0, max: 1, noNaN: true }), (now, part) => {
      const shop = closuresOf(documents, now).apps.get("shop");
      if (shop === undefined) return;
      const end = shop.untilMs ?? Number.NaN;
      assert.ok(end > now);
      assert.equal(closuresOf(documents, end).apps.get("shop"), undefined);
      const between = Math.floor(now + (end - 1 - now) * part);
      assert.equal(closuresOf(documents, between).apps.get("shop")?.untilMs, end);
    }),
    { numRuns: 300 },
  );
});
