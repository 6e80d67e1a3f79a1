import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asFamily,
  formerApps,
  networkName,
  volumeName,
  type Naming,
} from "../../src/desired/belongings.ts";
import type { Volume } from "../../src/lib/volumes.ts";
import type { AppDocument } from "../../src/model/documents.ts";

type Used = Readonly<Record<string, { data?: string; networks?: readonly string[] }>>;

const naming = (
  family: string,
  formerly: readonly string[],
  there: readonly string[],
  used: Used = {},
  past: Readonly<Record<string, readonly string[]>> = { [family]: formerly },
): Naming => ({
  family,
  formerly,
  past: new Map(Object.entries(past)),
  belongings: {
    volumes: new Set(there),
    networks: new Set(there),
    used: new Map(
      Object.entries(used).map(([name, { data, networks = [] }]) => [
        name,
        { volumes: new Map(data === undefined ? [] : [["data", data]]), networks },
      ]),
    ),
  },
});

const data: Volume = { source: "data", kind: "named", path: "/data", readOnly: false };

const volumes: readonly (readonly [
  says: string,
  naming: Naming,
  name: string,
  takenBy?: string,
])[] = [
  ["after its app", naming("b", [], []), "b_data"],
  ["as it was made before the rename", naming("b", ["a"], ["a_data"]), "a_data"],
  ["two renames ago", naming("c", ["b", "a"], ["a_data"]), "a_data"],
  ["new after a rename", naming("b", ["a"], ["a_cache"]), "b_data"],
  ["its own before a former one", naming("b", ["a"], ["a_data", "b_data"]), "b_data"],
  [
    "what its containers have before all",
    naming("b", ["a"], ["a_data", "b_data"], { b: { data: "a_data" } }),
    "a_data",
  ],
  [
    "what its containers have, though its name is another's by now",
    naming("b", [], ["a_data"], { b: { data: "a_data" } }, { b: ["a"] }),
    "a_data",
  ],
  [
    "not what another has that was called so",
    naming("a", [], ["a_data"], { b: { data: "a_data" } }, { b: ["a"] }),
    "a_data",
    "b",
  ],
  [
    "what another shares by name is nobody's alone",
    naming("a", [], ["a_data"], { b: { data: "a_data" } }, {}),
    "a_data",
  ],
];

for (const [says, given, name, takenBy] of volumes)
  test(`a volume is called ${says}`, () =>
    assert.deepEqual(volumeName(data, given), {
      name,
      ...(takenBy === undefined ? {} : { takenBy }),
    }));

test("a volume is called as its name says, wherever it was before", () => {
  const given = naming("b", ["a"], ["a_data"], { b: { data: "a_data" } });
  assert.deepEqual(volumeName({ ...data, name: "exact" }, given), { name: "exact" });
});

const nameOf = (family: string): string => `slipway-acme-${family}`;

test("a family stays on the bridge that its containers are on", () => {
  const [old, own] = [nameOf("a"), nameOf("b")];
  assert.deepEqual(networkName(nameOf, naming("b", ["a"], [old])), { name: old });
  assert.deepEqual(networkName(nameOf, naming("b", ["a"], [])), { name: own });
  const both = naming("b", ["a"], [old, own], { b: { networks: [old, own] } });
  assert.deepEqual(networkName(nameOf, both), { name: own });
  const others = naming("a", [], [old], { b: { networks: [old] } }, { b: ["a"] });
  assert.deepEqual(networkName(nameOf, others), { name: old, takenBy: "b" });
});

const app = (name: string, family = name, service?: string): AppDocument => ({
  name,
  family,
  ...(service === undefined ? {} : { service }),
  fields: {},
  perMachine: new Map(),
  machines: [],
  ships: new Map(),
  secrets: new Map(),
  templates: new Map(),
  routes: [],
  at: () => ({ file: "", line: 1, col: 1 }),
});

const renamed: readonly (readonly [AppDocument, name: string, service: string | undefined])[] = [
  [app("shop"), "catalog", undefined],
  [app("shop-web", "shop", "web"), "catalog-web", "web"],
  [app("shop", "shop", "shop"), "catalog", "catalog"],
  [app("shop-catalog", "shop", "catalog"), "catalog", "catalog"],
];

for (const [given, name, service] of renamed)
  test(`${given.name} of ${given.service ?? "no services"} was ${name}`, () => {
    const was = asFamily(given, "catalog");
    assert.deepEqual([was.name, was.family, was.service], [name, "catalog", service]);
  });

test("a former name that is another app's, or a sister's, is not claimed", () => {
  const [web, main, named] = [
    app("shop-web", "shop", "web"),
    app("shop", "shop", "shop"),
    app("shop-catalog", "shop", "catalog"),
  ];
  const namesOf = (one: AppDocument, others: readonly AppDocument[] = []): readonly string[] =>
    formerApps(one, ["catalog"], [web, main, named, ...others]).map((a) => a.name);
  assert.deepEqual(namesOf(web), ["catalog-web"]);
  assert.deepEqual(namesOf(main), ["catalog"]);
  assert.deepEqual(namesOf(named), []);
  assert.deepEqual(namesOf(web, [app("catalog-web")]), []);
});
