import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MachineContext } from "../../src/desired/work.ts";
import type { AppDocument } from "../../src/model/documents.ts";
import type { PlacedRoute } from "../../src/model/routes.ts";
import { leavingFamilies, leavingPlaces, type Foreseen } from "../../src/pass/leaving.ts";
import type { Apart } from "../../src/plan/marks.ts";
import { changeOf, mark, planOf, rev } from "./facts.ts";

const app = (name: string, machines: readonly string[], more: object = {}): AppDocument =>
  ({
    name,
    family: name,
    machines,
    fields: {},
    perMachine: new Map(),
    routes: [],
    ...more,
  }) as unknown as AppDocument;

/** By machine, who is in service there; a machine that is left out does not answer. */
const contexts = (
  found: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, MachineContext> =>
  new Map(
    Object.entries(found).map(([machine, apps]) => [
      machine,
      { inService: new Map(apps.map((name) => [name, [1]])) } as unknown as MachineContext,
    ]),
  );

const moved = app("shop", ["web-2"]);
const both = { "web-1": ["shop"], "web-2": ["shop"] };
const failed: Apart = new Map([["web-2", { failed: mark(rev("1")), everWorked: false }]]);

const cases: readonly {
  readonly says: string;
  readonly there: Readonly<Record<string, readonly string[]>>;
  readonly app?: AppDocument;
  readonly foreseen?: Partial<Foreseen>;
  readonly apart?: Apart;
  readonly guarded?: readonly string[];
  /** Whether it is asked on web-1; undefined: it does not leave from there. */
  readonly reached: boolean | undefined;
}[] = [
  {
    says: "nothing leaves where it is declared",
    there: both,
    app: app("shop", ["web-1", "web-2"]),
    reached: undefined,
  },
  {
    says: "nothing leaves where it does not serve",
    there: { "web-1": [], "web-2": [] },
    reached: undefined,
  },
  {
    says: "what is to run nowhere is asked nowhere",
    there: both,
    app: app("shop", ["web-2"], { fields: { state: "stopped" } }),
    reached: undefined,
  },
  {
    says: "what nobody declares is another matter",
    there: both,
    app: app("db", []),
    reached: undefined,
  },
  {
    says: "it is asked while it is not yet elsewhere",
    there: { "web-1": ["shop"], "web-2": [] },
    reached: true,
  },
  {
    says: "it is asked while nobody knows whether it is elsewhere",
    there: { "web-1": ["shop"] },
    reached: true,
  },
  { says: "it is asked no more once it serves elsewhere", there: both, reached: false },
  {
    says: "it is asked while what serves elsewhere is to be another one",
    there: both,
    foreseen: { plan: planOf([changeOf("shop", "web-2")]) },
    reached: true,
  },
  {
    says: "it is asked while another one elsewhere awaits something",
    there: both,
    foreseen: { plan: planOf([], { awaiting: ["machine/web-2/app/shop/container/2"] }) },
    reached: true,
  },
  {
    says: "what changes of others says nothing of it",
    there: both,
    foreseen: { plan: planOf([changeOf("db", "web-2"), changeOf("shop", "web-3")]) },
    reached: false,
  },
  {
    says: "it is asked where all of it stays as it is",
    there: both,
    foreseen: { frozen: new Set(["shop"]) },
    reached: true,
  },
  { says: "it is asked where a guard keeps it", there: both, guarded: ["web-1"], reached: true },
  {
    says: "a machine where it failed alone is not waited for",
    there: { "web-1": ["shop"], "web-2": [], "web-3": ["shop"] },
    app: app("shop", ["web-2", "web-3"]),
    apart: failed,
    reached: false,
  },
  {
    says: "but for one that serves",
    there: { "web-1": ["shop"], "web-2": [] },
    apart: failed,
    reached: true,
  },
];

describe("an app that leaves a machine", () => {
  for (const { says, there, reached, ...given } of cases)
    test(says, () => {
      const foreseen: Foreseen = {
        apps: [given.app ?? moved],
        plan: planOf(),
        frozen: new Set(),
        ...given.foreseen,
      };
      const found = leavingPlaces(
        foreseen,
        contexts(there),
        new Map(given.apart === undefined ? [] : [["shop", given.apart]]),
        new Map(given.guarded === undefined ? [] : [["shop", new Set(given.guarded)]]),
      );
      assert.deepEqual(
        found,
        reached === undefined ? [] : [{ app: "shop", machine: "web-1", isReached: reached }],
      );
    });

  test("is handed on to by all whose proxies answer to its routes, but its own", () => {
    const route = (on: readonly string[], port?: object): PlacedRoute =>
      ({ on, ...(port === undefined ? {} : { port }) }) as unknown as PlacedRoute;
    const routes = [route(["edge", "web-1"], {}), route(["edge", "web-2"], {}), route(["other"])];
    const places = [{ app: "shop", machine: "web-1", isReached: true }];
    const moved = [app("shop", ["web-2"], { routes })];
    const place = { family: "shop", machine: "web-1", isNeeded: true, edges: ["edge", "web-2"] };
    assert.deepEqual(leavingFamilies(places, moved), [place]);
    assert.deepEqual(
      leavingFamilies(places, moved, (machine) => machine === "web-1"),
      [{ ...place, isEmptied: true }],
    );
  });
});
