import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../src/model/change.ts";
import { guard, type GuardInput } from "../../src/plan/guard.ts";
import { changeOf, deletion } from "../support/changes.ts";

const input = (more: Partial<GuardInput>): GuardInput => ({
  changes: [],
  liveFamilies: new Map(),
  provenFamilies: new Map(),
  wantedFamilies: new Map(),
  allows: [],
  kept: new Map(),
  named: new Set(),
  revision: "r2",
  restores: false,
  ...more,
});

const live = (apps: Record<string, readonly string[]>): GuardInput["liveFamilies"] =>
  new Map(Object.entries(apps).map(([machine, families]) => [machine, new Set(families)]));

const volume = deletion("db-1", "db", "app/volume", "data");

test("one app of two may go", () => {
  const changes = [deletion("web-1", "a")];
  const { changes: passed, held } = guard(
    input({ changes, liveFamilies: live({ "web-1": ["a", "b"] }) }),
  );
  assert.deepEqual([passed.length, held.length], [1, 0]);
});

test("what empties most of a machine is held, and says which trailer lets it", () => {
  const changes = [
    deletion("web-1", "a"),
    deletion("web-1", "b"),
    changeOf("web-1", "app/container", "c", "1"),
  ];
  const result = guard(
    input({
      changes,
      liveFamilies: live({ "web-1": ["a", "b", "c"], "web-2": ["x", "y", "z", "u"] }),
    }),
  );
  assert.deepEqual(
    result.changes.map((c) => c.address),
    ["machine/web-1/app/c/container/1"],
  );
  assert.deepEqual(
    result.held.map((h) => h.needs),
    ["Slipway-Allow: delete app/a", "Slipway-Allow: delete app/b"],
  );
});

test("what was let go already counts: the last of them does not slip through as a small one", () => {
  const changes = [deletion("web-1", "b")];
  const liveFamilies = live({ "web-1": ["a", "b"] });
  const wantedFamilies = live({ "web-1": ["a"] });
  const proven = (...families: string[]) => live({ "web-1": families });
  const heldWith = (provenFamilies: GuardInput["provenFamilies"]): number =>
    guard(input({ changes, liveFamilies, wantedFamilies, provenFamilies })).held.length;
  assert.equal(heldWith(proven("a", "b", "c", "d")), 1, "c and d went in this revision");
  assert.equal(heldWith(proven("a", "b")), 0);
  assert.equal(heldWith(new Map()), 0, "a machine without inventory");
});

test("what opens a machine wider is asked for by name, and holds up nothing else", () => {
  const wide = { ...changeOf("web-1", "machine/firewall", "", ""), widens: ["tcp 443", "tcp 80"] };
  const firewall = { ...wide, address: "machine/web-1/firewall" };
  const bridge = changeOf("web-1", "machine/names", "", "");
  const changes = [firewall, bridge];
  const passed = (more: Partial<GuardInput>): readonly string[] =>
    guard(input({ changes, ...more })).changes.map((c) => c.kind);
  const { held } = guard(input({ changes }));
  assert.deepEqual(
    held.map((h) => [h.code, h.text, h.needs]),
    [
      [
        "guard",
        "it would open tcp 443 and tcp 80 to the outside",
        "Slipway-Allow: widen machine/web-1",
      ],
    ],
  );
  assert.deepEqual(passed({}), ["machine/names"]);
  const both = ["machine/firewall", "machine/names"];
  for (const [verb, address, through] of [
    ["widen", "machine/web-1", both],
    ["widen", "machine/web-1/firewall", both],
    ["widen", "machine/web-2", ["machine/names"]],
    ["delete", "machine/web-1", ["machine/names"]],
  ] as const)
    assert.deepEqual(passed({ allows: [{ verb, address }] }), through, `${verb} ${address}`);
  assert.deepEqual(passed({ restores: true }), both, "what was applied before");
  const leaving = { ...firewall, action: "delete" as const };
  const rest = { ...firewall, instead: { ...wide, name: "narrowed" } };
  assert.deepEqual(
    guard(input({ changes: [rest] })).changes.map((c) => c.name),
    ["narrowed"],
    "what does not open it wider is done",
  );
  const emptied = {
    changes: [leaving],
    allows: [{ verb: "delete", address: "machine/web-1" }],
  } as const;
  assert.equal(guard(input(emptied)).held.length, 0, "a machine that is emptied");
});

test("each way to allow it lets it through", () => {
  const changes = [deletion("web-1", "a"), deletion("web-1", "b")];
  const liveFamilies = live({ "web-1": ["a", "b"] });
  const allow = (...addresses: string[]) =>
    addresses.map((address) => ({ verb: "delete" as const, address }));
  assert.equal(
    guard(input({ changes, liveFamilies, allows: allow("machine/web-1") })).changes.length,
    2,
  );
  assert.equal(
    guard(input({ changes, liveFamilies, allows: allow("app/a", "app/b") })).changes.length,
    2,
  );
  assert.equal(guard(input({ changes, liveFamilies, restores: true })).changes.length, 2);
  assert.equal(guard(input({ changes, liveFamilies })).changes.length, 0);
});

test("fewer instances of an app that stays are not its leaving", () => {
  const changes = [
    deletion("m", "a", "app/container", "2"),
    deletion("m", "b", "app/container", "2"),
  ];
  const liveFamilies = live({ m: ["a", "b"] });
  const result = guard(input({ changes, liveFamilies, wantedFamilies: liveFamilies }));
  assert.deepEqual([result.changes.length, result.held.length], [2, 0]);
});

test("most of the fleet, one app a machine, is held as well", () => {
  const changes = [deletion("m1", "a"), deletion("m2", "b")];
  const result = guard(input({ changes, liveFamilies: live({ m1: ["a"], m2: ["b"], m3: ["c"] }) }));
  assert.deepEqual([result.changes.length, result.held.length], [0, 2]);
});

test("a volume is kept and told once; with its address in full it goes", () => {
  const at = (more: Partial<GuardInput>) => guard(input({ changes: [volume], ...more }));
  assert.deepEqual(
    at({}).held.map((h) => h.needs),
    [`Slipway-Allow: destroy ${volume.address}`],
  );
  assert.equal(
    at({ kept: new Map([[volume.address, "r2"]]) }).held.length,
    1,
    "the revision that let go of it",
  );
  assert.equal(at({ kept: new Map([[volume.address, "r1"]]) }).held.length, 0, "a later one");
  const allowed = at({ allows: [{ verb: "destroy", address: volume.address }] });
  assert.deepEqual([allowed.changes.length, allowed.held.length], [1, 0]);
  assert.equal(at({ restores: true }).changes.length, 0, "bringing a state back never takes data");
});

test("what is held back keeps its network, its names and its proxy", () => {
  const shared = (kind: string, action: Change["action"]): Change => {
    const { app: _app, family: _family, ...change } = deletion("m", "a", kind);
    return { ...change, action };
  };
  const changes = [
    deletion("m", "a"),
    deletion("m", "b"),
    shared("app/network", "delete"),
    shared("app/network", "create"),
    shared("machine/names", "update"),
    shared("machine/names", "create"),
    shared("machine/proxy", "delete"),
    shared("machine/proxy", "create"),
    shared("machine/certificate", "delete"),
  ];
  const liveFamilies = live({ m: ["a", "b"] });
  const passed = guard(input({ changes, liveFamilies })).changes;
  assert.deepEqual(
    passed.map((c) => `${c.action} ${c.kind}`),
    ["create app/network", "create machine/names", "create machine/proxy"],
  );
  assert.equal(guard(input({ changes, liveFamilies, restores: true })).changes.length, 9);
  const withNames = (...families: string[]): readonly string[] =>
    guard(input({ changes, liveFamilies, named: new Set(families) })).changes.flatMap((c) =>
      c.kind.startsWith("machine/") ? c.action : [],
    );
  assert.deepEqual(withNames("a"), ["create", "create"], "not all of them can be told");
  assert.deepEqual(withNames("a", "b"), ["update", "create", "delete", "create", "delete"]);
});

test("a login goes by a revert, or where a commit says so; ours never", () => {
  const change = (name: string, login: "goes" | "in-use"): Change => ({
    ...changeOf("web-1", "machine/users", undefined, name),
    action: "delete",
    login,
  });
  const changes = [change("ada", "goes"), change("deploy", "in-use")];
  const heldWith = (more: Partial<GuardInput>): readonly (readonly unknown[])[] =>
    guard(input({ changes, ...more })).held.map(({ code, needs }) => [code, needs]);
  const ours = ["login-in-use", "another ssh.user for the machine"];
  assert.deepEqual(heldWith({}), [
    ["login", "Slipway-Allow: delete machine/web-1/users/ada"],
    ours,
  ]);
  assert.deepEqual(heldWith({ restores: true }), [ours]);
  const allows = [{ verb: "delete" as const, address: "machine/web-1" }];
  assert.deepEqual(heldWith({ allows }), [ours]);
  assert.equal(guard(input({ changes, allows })).changes.length, 1);
});
