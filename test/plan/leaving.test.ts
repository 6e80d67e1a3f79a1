import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Change } from "../../src/model/change.ts";
import type { Observation } from "../../src/model/observation.ts";
import {
  proxiesToMove,
  unsettledProxies,
  withoutHaste,
  type Leaving,
} from "../../src/plan/leaving.ts";
import { changeOf, deletion } from "../support/changes.ts";

const bridge: Change = {
  ...changeOf("web-1", "app/network", undefined, "slipway-acme"),
  action: "delete",
};
const leaving: Leaving = { family: "shop", machine: "web-1", isNeeded: false, edges: ["edge"] };

const cases: readonly {
  readonly says: string;
  readonly leaving?: readonly Leaving[];
  readonly changes?: readonly Change[];
  readonly unsettled?: readonly string[];
  readonly waiting: readonly string[];
}[] = [
  { says: "what nobody asks any more goes", waiting: [] },
  {
    says: "who is asked until others serve stays, with all it stands on",
    leaving: [{ ...leaving, isNeeded: true }],
    changes: [deletion("web-1", "shop"), deletion("web-1", "shop", "app/files"), bridge],
    waiting: ["shop/container/1", "shop/files/1", "network/slipway-acme"],
  },
  {
    says: "of a machine that is emptied all stays with it",
    leaving: [{ ...leaving, isNeeded: true, isEmptied: true }],
    changes: [
      deletion("web-1", "shop"),
      { ...changeOf("web-1", "machine/proxy", undefined, ""), action: "delete" },
      { ...changeOf("web-1", "machine/wireguard", undefined, ""), action: "delete" },
      { ...changeOf("edge", "machine/wireguard", undefined, ""), action: "delete" },
    ],
    waiting: ["shop/container/1", "proxy", "wireguard"],
  },
  {
    says: "so does who is asked by a proxy that is still to be told",
    unsettled: ["edge"],
    waiting: ["shop/container/1"],
  },
  { says: "what another proxy is told is another matter", unsettled: ["web-1"], waiting: [] },
  {
    says: "others go, and it goes elsewhere",
    leaving: [{ ...leaving, isNeeded: true }],
    changes: [deletion("web-1", "db"), deletion("web-2", "shop")],
    waiting: [],
  },
  {
    says: "what is made is made",
    leaving: [{ ...leaving, isNeeded: true }],
    changes: [changeOf("web-1", "app/container", "shop", "1")],
    waiting: [],
  },
];

describe("who leaves a machine", () => {
  for (const { says, waiting, ...given } of cases)
    test(says, () => {
      const { changes = [deletion("web-1", "shop")] } = given;
      const found = withoutHaste(changes, given.leaving ?? [leaving], new Set(given.unsettled));
      assert.equal(found.length, changes.length);
      assert.deepEqual(
        found
          .filter((c) => c.waits !== undefined)
          .map((c) => c.address.replace(/^.*web-1\/(app\/)?/, "")),
        waiting,
      );
    });

  test("says what it waits for", () => {
    const [needed] = withoutHaste(
      [deletion("web-1", "shop")],
      [{ ...leaving, isNeeded: true }],
      new Set(),
    );
    assert.equal(
      needed?.reason.text,
      "not declared; it stays until shop serves where it is declared",
    );
    const [asked] = withoutHaste([deletion("web-1", "shop")], [leaving], new Set(["edge"]));
    assert.equal(asked?.waits, "the proxy of edge sends nothing here");
  });

  test("a proxy that differs, or of which nothing is known, may still send there", () => {
    const differing = [
      changeOf("edge", "machine/proxy", undefined, ""),
      changeOf("web-2", "machine/names", undefined, ""),
    ];
    const unknown = ["machine/web-3/proxy", "machine/web-3/names", "machine/web-4/names"].map(
      (address) => ({ address, machine: address.split("/")[1] ?? "", why: "no answer" }),
    );
    const observations = new Map(
      Object.entries({ edge: { facts: {} }, "web-5": {} }),
    ) as unknown as ReadonlyMap<string, Observation>;
    assert.deepEqual([...unsettledProxies(differing, unknown, observations)].toSorted(), [
      "edge",
      "web-3",
      "web-5",
    ]);
  });

  test("proxies are told once it serves elsewhere", () => {
    const needed = { ...leaving, isNeeded: true };
    const waiting = withoutHaste([deletion("web-1", "shop")], [needed], new Set());
    assert.deepEqual(proxiesToMove(waiting, [needed]), ["machine/edge/proxy"]);
    assert.deepEqual(proxiesToMove([], [needed]), [], "what stays as it is does not move");
    assert.deepEqual(proxiesToMove(waiting, [leaving]), [], "they are told now");
  });
});
