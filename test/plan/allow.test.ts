import assert from "node:assert/strict";
import { test } from "node:test";
import { isAllowed, trailersOf } from "../../src/plan/allow.ts";

const commit = (message: string, revision = "c1") => ({
  revision,
  parents: [],
  message,
  author: "ada",
  committedMs: 0,
});

const cases: readonly [string, string, readonly string[]][] = [
  ["one trailer", "Drop it\n\nSlipway-Allow: delete app/shop\n", ["delete app/shop"]],
  [
    "two, and another tool's between",
    "Drop\n\nSlipway-Allow: delete app/a\nSigned-off-by: x\nSlipway-Allow: destroy machine/m/app/a/volume/d",
    ["delete app/a", "destroy machine/m/app/a/volume/d"],
  ],
  ["not in the last paragraph", "Drop\n\nSlipway-Allow: delete app/a\n\nMore words.", []],
  ["a title alone has no trailers", "Slipway-Allow: delete app/a", []],
  ["an unknown verb", "Drop\n\nSlipway-Allow: explode app/a", []],
  ["no address", "Drop\n\nSlipway-Allow: delete", []],
  ["too many words", "Drop\n\nSlipway-Allow: delete app/a app/b", []],
  ["CRLF", "Drop\r\n\r\nSlipway-Allow: delete app/a\r\n", ["delete app/a"]],
];

for (const [name, message, wanted] of cases) {
  test(`trailers: ${name}`, () => {
    const { allows } = trailersOf([commit(message)]);
    assert.deepEqual(
      allows.map((a) => `${a.verb} ${a.address}`),
      wanted,
    );
  });
}

test("retries name the app file and the commit that asks", () => {
  const { retries } = trailersOf([commit("Again\n\nSlipway-Retry: app/shop", "c7")]);
  assert.deepEqual(retries, [{ family: "shop", revision: "c7" }]);
});

test("an address covers what is below it, by whole segments; app/X its parts on all machines", () => {
  const allows = (address: string) => [{ verb: "delete" as const, address }];
  assert.ok(isAllowed(allows("app/shop"), "delete", "machine/web-1/app/shop/container/1"));
  assert.ok(isAllowed(allows("machine/web-1"), "delete", "machine/web-1/app/shop/container/1"));
  assert.ok(!isAllowed(allows("app/shop"), "delete", "machine/web-1/app/shopping/container/1"));
  assert.ok(!isAllowed(allows("machine/web-1"), "delete", "machine/web-10/app/shop/container/1"));
  assert.ok(!isAllowed(allows("app/shop"), "widen", "app/shop"));
});

test("data goes only by its address in full", () => {
  const volume = "machine/db-1/app/db/volume/data";
  const allows = (address: string) => [{ verb: "destroy" as const, address }];
  assert.ok(isAllowed(allows(volume), "destroy", volume));
  for (const less of [
    "app/db",
    "machine/db-1",
    "machine/db-1/app/db",
    "machine/db-1/app/db/volume",
  ]) {
    assert.ok(!isAllowed(allows(less), "destroy", volume), less);
  }
});
