import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AnyKind } from "../../src/kinds/kind.ts";
import { container } from "../../src/kinds/app/container.ts";
import { network } from "../../src/kinds/app/network.ts";
import { machineFiles } from "../../src/kinds/machine/files.ts";
import { release } from "../../src/kinds/app/release.ts";
import { volume } from "../../src/kinds/app/volume.ts";
import { firewall } from "../../src/kinds/machine/firewall.ts";
import { resourceAddress } from "../../src/model/address.ts";
import { emptyInventory } from "../../src/model/inventory.ts";
import type { Observation } from "../../src/model/observation.ts";
import { changesOf, type Plan } from "../../src/model/plan.ts";
import type { Resource } from "../../src/model/resource.ts";
import { makePlan, type Awaited } from "../../src/plan/plan.ts";
import { facts } from "../support/converge.ts";
import { plain } from "../support/specs.ts";

const kinds = [
  firewall,
  machineFiles,
  network,
  volume,
  release,
  container,
] as unknown as readonly AnyKind[];

const resource = (
  machine: string,
  kind: string,
  app: string | undefined,
  name: string,
  spec: unknown,
): Resource => ({
  address: resourceAddress(machine, kind, app, name),
  kind,
  machine,
  name,
  spec,
  ...(app === undefined ? {} : { app, family: app }),
});

const containerOf = (machine: string, app: string): Resource =>
  resource(machine, "app/container", app, "1", { ...plain, app, family: app });
const volumeOf = (machine: string, app: string): Resource =>
  resource(machine, "app/volume", app, "data", {
    app,
    family: app,
    volume: "data",
    engineName: `${app}_data`,
    isExact: false,
  });
const bridgeOf = (machine: string): Resource =>
  resource(machine, "app/network", undefined, "slipway-acme", { network: "slipway-acme" });
const releaseOf = (machine: string, app: string): Resource =>
  resource(machine, "app/release", app, "r", {
    family: app,
    app,
    formerly: [],
    digest: "r",
    container: plain,
    deadlineMs: 1,
  });

type States = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const seen = (machine: string, states: States): Observation => ({
  machine,
  facts: { ...facts, machine },
  inventory: { state: "present", value: emptyInventory("acme", machine) },
  kinds: new Map(
    kinds.map(({ id }) => [
      id,
      { state: "present", value: new Map(Object.entries(states[id] ?? {})) },
    ]),
  ),
  troubles: [],
});

const planOf = (
  resources: readonly Resource[],
  found: Readonly<Record<string, States>>,
  awaiting: readonly Awaited[] = [],
): Plan =>
  makePlan({
    revision: "r",
    kinds,
    resources,
    observations: new Map(Object.entries(found).map(([m, states]) => [m, seen(m, states)])),
    policies: new Map(),
    givenUp: new Set(),
    apart: new Map(),
    leaving: [],
    frozen: new Set(),
    retried: [],
    allows: [],
    restores: false,
    held: [],
    awaiting,
    settled: new Map(),
    waiting: new Map(),
    kept: new Set(),
    named: new Set(),
    suspended: new Set(),
  });

const said = (plan: Plan): readonly string[] =>
  changesOf(plan).map((c) => `${c.action} ${c.address}`);

const theirs = {
  engineName: "db_data",
  driver: "local",
  mountpoint: "",
  owned: false,
  fleet: "other",
};
const ours = (app: string) => ({
  app,
  family: app,
  instance: 1,
  containers: [{ name: `acme-${app}-1-00000000`, id: app, running: true, fields: {} }],
});

test("what stands in the way of a machine's setting bars no app", () => {
  const spec = { address: "203.0.113.10", peers: [], ssh: 22, declared: [], allow: [] };
  const wanted = [
    resource("m1", "machine/firewall", undefined, "", spec),
    containerOf("m1", "shop"),
  ];
  const state = { outside: ["eth0"], links: {}, rival: "ufw", isFlushed: true };
  const plan = planOf(wanted, { m1: { "machine/firewall": { "": state } } });
  assert.deepEqual(said(plan), ["create machine/m1/app/shop/container/1"]);
  assert.deepEqual(
    plan.held.map(({ code, needs }) => `${code}: ${needs?.slice(0, 21)}`),
    ["machine-clash: a restart of the engi", "machine-clash: `ufw disable` there, "],
  );
});

describe("a name that another fleet has", () => {
  test("holds its app on that machine, and says whose it is; others go on", () => {
    const wanted = [
      ...["m1", "m2"].flatMap((m) => [volumeOf(m, "db"), containerOf(m, "db")]),
      containerOf("m1", "shop"),
    ];
    const plan = planOf(wanted, { m1: { "app/volume": { db_data: theirs } }, m2: {} });
    assert.deepEqual(said(plan), [
      "create machine/m2/app/db/volume/data",
      "create machine/m2/app/db/container/1",
      "create machine/m1/app/shop/container/1",
    ]);
    assert.deepEqual(
      plan.held.map(({ address, code, text, app, machine }) => ({
        address,
        code,
        text,
        app,
        machine,
      })),
      [
        {
          address: "machine/m1/app/db/volume/data",
          code: "clash",
          text: "volume db_data belongs to fleet other",
          app: "db",
          machine: "m1",
        },
      ],
    );
  });

  test("of what the machine is by itself is told of each, and stands in no app's way", () => {
    const fileOf = (path: string): Resource =>
      resource("m1", "machine/files", undefined, path.slice(1), { path });
    const live = { type: "folder" };
    const plan = planOf([fileOf("/etc/a"), fileOf("/etc/b"), containerOf("m1", "db")], {
      m1: {
        "machine/files": {
          "/etc/a": { path: "/etc/a", folder: "/etc", live },
          "/etc/b": { path: "/etc/b", folder: "/etc", live },
        },
      },
    });
    assert.deepEqual(said(plan), ["create machine/m1/app/db/container/1"]);
    assert.deepEqual(
      plan.held.map(({ text }) => text),
      ["/etc/a is a folder", "/etc/b is a folder"],
    );
  });

  test("keeps the app where it is: it does not move to a machine that cannot have it", () => {
    const plan = planOf([volumeOf("m1", "db"), containerOf("m1", "db")], {
      m1: { "app/volume": { db_data: theirs } },
      m2: { "app/container": { "db/1": ours("db") } },
    });
    assert.deepEqual([said(plan), plan.held.length], [[], 1]);
  });

  test("of the fleet's bridge: nothing of any app is done there", () => {
    const taken = {
      id: "n",
      network: "slipway-acme",
      driver: "bridge",
      owned: false,
      fleet: "acm",
    };
    const wanted = [
      bridgeOf("m1"),
      containerOf("m1", "db"),
      containerOf("m1", "shop"),
      bridgeOf("m2"),
      containerOf("m2", "shop"),
    ];
    const plan = planOf(wanted, { m1: { "app/network": { "slipway-acme": taken } }, m2: {} });
    assert.deepEqual(said(plan), [
      "create machine/m2/network/slipway-acme",
      "create machine/m2/app/shop/container/1",
    ]);
    assert.deepEqual(
      plan.held.map((h) => [h.text, h.app]),
      [["network slipway-acme belongs to fleet acm", undefined]],
    );
  });

  test("on the machine where the release would run: the app waits everywhere", () => {
    const wanted = [
      ...["m1", "m2"].flatMap((m) => [volumeOf(m, "db"), containerOf(m, "db")]),
      releaseOf("m1", "db"),
    ];
    const plan = planOf(wanted, { m1: { "app/volume": { db_data: theirs } }, m2: {} });
    assert.deepEqual(said(plan), []);
  });

  test("of a container: one line of each app, and its name is let go by a rename", () => {
    const taken = (app: string) => ({ app, name: `acme-${app}-1-prev`, fleet: "acme-staging" });
    const state = {
      app: "staging-web",
      family: "staging-web",
      instance: 1,
      containers: [],
      taken: taken("staging-web"),
    };
    const found = { m1: { "app/container": { "staging-web/1": state } } };
    const held = planOf([containerOf("m1", "staging-web")], found);
    assert.deepEqual(said(held), []);
    assert.deepEqual(
      held.held.map((h) => `${h.text}; needs ${h.needs}`),
      [
        "container acme-staging-web-1-prev belongs to fleet acme-staging; needs another name for app staging-web",
      ],
    );
    const was = { ...plain, app: "staging-web", family: "staging-web" };
    const renamed = resource("m1", "app/container", "web", "1", {
      ...plain,
      app: "web",
      family: "web",
      formerly: [was],
    });
    assert.deepEqual(said(planOf([renamed], found)), ["create machine/m1/app/web/container/1"]);
    assert.deepEqual(said(planOf([], found)), [], "another fleet's is never removed");
  });
});

test("what awaits something is not taken for what nobody declares", () => {
  const bridge = { "app/network": { "slipway-acme": { network: "slipway-acme", owned: true } } };
  const { address } = bridgeOf("web-1");
  assert.deepEqual(said(planOf([], { "web-1": bridge })), [`delete ${address}`]);
  assert.deepEqual(said(planOf([], { "web-1": bridge }, [{ address, on: "x" }])), []);
});
