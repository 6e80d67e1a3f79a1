import type { Bridge } from "../../src/desired/addresses.ts";
import type { Belongings } from "../../src/desired/belongings.ts";
import { compile } from "../../src/desired/compile.ts";
import type { AnyKind } from "../../src/kinds/kind.ts";
import { kinds } from "../../src/kinds/index.ts";
import { createParseCache, load } from "../../src/load/load.ts";
import type { AppDocument, Documents } from "../../src/model/documents.ts";
import { imageKey } from "../../src/model/image.ts";
import { emptyInventory } from "../../src/model/inventory.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Resource } from "../../src/model/resource.ts";
import { policiesOf } from "../../src/plan/policy.ts";
import { makePlan } from "../../src/plan/plan.ts";
import { about, facts } from "../support/converge.ts";
import { EngineSim } from "../support/engine-sim.ts";
import { snapshotOf } from "../support/repo.ts";
import { pretendedDigests } from "../support/secrets.ts";

/** A fleet that nobody here has: 1,000 machines with 10 apps each. */
export const machineTotal = 1_000;
export const appTotal = 10;

const key = "k";

export async function fleetDocuments(): Promise<Documents> {
  const files: Record<string, string> = { "slipway.yaml": "fleet: acme\n" };
  for (let m = 0; m < machineTotal; m++) {
    const address = `10.${m >> 8}.${m & 255}.1`;
    files[`machines/m${m}.yaml`] = `address: ${address}\nlabels: { role: web }\n`;
  }
  for (let a = 0; a < appTotal; a++) {
    const image = `image: registry.example.com/app-${a}:1`;
    files[`apps/app-${a}.yaml`] =
      `${image}\nmachines: all\nport: 8080\nenv: { A: x, B: y }\nresources: { memory: 64m }\n`;
  }
  const { documents, findings } = await load(snapshotOf(files), { cache: createParseCache() });
  if (documents === undefined) throw new Error(JSON.stringify(findings.slice(0, 3)));
  return documents;
}

const belongings: Belongings = { volumes: new Set(), networks: new Set(), used: new Map() };

const bridge: Bridge = {
  gateway: "172.18.0.1",
  range: { subnet: "172.18.0.0/16", gateway: "172.18.0.1", dynamic: "172.18.0.0/18" },
  held: new Set(),
  serving: new Map(),
  nameless: new Set(),
};

const digest = (name: string, version: string): string =>
  `registry.example.com/${name}@sha256:${version.repeat(64)}`;

/** What is declared, with every image at version `a` but those named. */
export function resourcesOf(
  documents: Documents,
  versions: Readonly<Record<string, string>> = {},
): readonly Resource[] {
  const apps = appsOf(documents);
  return compile({
    documents,
    apps,
    machines: new Map(
      [...documents.machines.keys()].map((m) => [
        m,
        {
          key,
          bridge,
          belongings,
          madeAs: new Map(),
          proven: new Set<string>(),
          handsOn: new Map(),
          inService: new Map(),
        },
      ]),
    ),
    images: new Map(
      apps.map(({ name, fields }) => [
        imageKey(name, fields.image ?? ""),
        digest(name, versions[name] ?? "a"),
      ]),
    ),
    hashes: new Map(),
    secrets: pretendedDigests,
    renames: { former: new Map(), past: new Map() },
  }).resources;
}

export const planOf = (
  documents: Documents,
  observations: ReadonlyMap<string, Observation>,
  versions: Readonly<Record<string, string>> = {},
): Plan =>
  makePlan({
    revision: documents.revision,
    kinds,
    resources: resourcesOf(documents, versions),
    observations,
    policies: policiesOf(appsOf(documents)),
    frozen: new Set(),
    givenUp: new Set(),
    apart: new Map(),
    retried: [],
    leaving: [],
    allows: [],
    restores: false,
    held: [],
    awaiting: [],
    settled: new Map(),
    waiting: new Map(),
    kept: new Set(),
    named: new Set(),
    suspended: new Set(),
  });

const appsOf = (documents: Documents): readonly AppDocument[] => [...documents.apps.values()];

/** Machines on which everything is as declared, each observed as the kinds read it. */
export function* observationsOf(resources: readonly Resource[]): Iterable<Observation> {
  for (const [machine, own] of Map.groupBy(resources, (r) => r.machine)) {
    const sim = new EngineSim();
    for (const resource of own.filter((r) => r.kind === "app/image")) {
      const { reference } = resource.spec as { reference: string };
      const id = `sha256:${"c".repeat(64)}`;
      sim.registry.set(reference, { id, digests: [reference], tags: [], config: {} });
    }
    for (const kind of [...kinds, ...kinds]) {
      for (const resource of own.filter((r) => r.kind === kind.id)) settle(kind, sim, resource);
    }
    yield {
      machine,
      facts: { ...facts, machine, key },
      inventory: { state: "present", value: emptyInventory("acme", machine) },
      kinds: new Map(kinds.map((k) => [k.id, { state: "present", value: k.read(sim, about) }])),
      troubles: [],
    };
  }
}

function settle(kind: AnyKind, sim: EngineSim, { spec }: Resource): void {
  const have = kind.read(sim, about).get(kind.key(spec));
  const difference = kind.diff(spec, have, facts);
  if (difference === undefined) return;
  const chosen = { difference, want: spec, ...(have === undefined ? {} : { have }) };
  const ran = sim.run(kind.apply(chosen, facts));
  if (ran.state !== "done") throw new Error(`${kind.id}: ${ran.why}`);
}
