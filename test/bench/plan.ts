import { compile } from "../../src/desired/compile.ts";
import type { AnyKind } from "../../src/kinds/kind.ts";
import { kinds } from "../../src/kinds/index.ts";
import { createParseCache, load } from "../../src/load/load.ts";
import type { Documents } from "../../src/model/documents.ts";
import { emptyInventory } from "../../src/model/inventory.ts";
import type { Observation } from "../../src/model/observation.ts";
import { changesOf } from "../../src/model/plan.ts";
import type { Resource } from "../../src/model/resource.ts";
import { policiesOf } from "../../src/plan/policy.ts";
import { makePlan } from "../../src/plan/plan.ts";
import { about, facts } from "../support/converge.ts";
import { EngineSim } from "../support/engine-sim.ts";
import { snapshotOf } from "../support/repo.ts";
import type { Row } from "./row.ts";

const machineCount = 1_000;
const appCount = 10;
const key = "k";

/** Planning alone: from documents and observations to a plan, for a fleet that nobody here has. */
export async function benchPlan(): Promise<readonly Row[]> {
  const documents = await fleetOf(machineCount, appCount);
  const apps = [...documents.apps.values()];
  const digest = (name: string, version: string): string =>
    `registry.example.com/${name}@sha256:${version.repeat(64)}`;
  const imagesAt = (version: string) => new Map(apps.map((a) => [a.name, digest(a.name, version)]));
  const machines = new Map(
    [...documents.machines.keys()].map((m) => [m, { key, gateway: "172.18.0.1" }]),
  );
  const compileAt = (images: ReadonlyMap<string, string>): readonly Resource[] =>
    compile({ documents, apps, machines, images, hashes: new Map(), formerly: new Map() })
      .resources;
  const observations = observe(compileAt(imagesAt("a")));
  const planAt = (images: ReadonlyMap<string, string>) =>
    makePlan({
      revision: documents.revision,
      kinds,
      resources: compileAt(images),
      observations,
      policies: policiesOf(apps),
      frozen: new Set(),
      allows: [],
      restores: false,
      held: [],
      awaiting: [],
      settled: new Map(),
      suspended: new Set(),
    });
  globalThis.gc?.();
  const baseMiB = process.memoryUsage().heapUsed / 2 ** 20;
  const same = timed(() => planAt(imagesAt("a")));
  const rolled = timed(() => planAt(new Map([...imagesAt("a"), ["app-3", digest("app-3", "b")]])));
  const heapMiB = process.memoryUsage().heapUsed / 2 ** 20;
  return [
    {
      what: `plan, ${machineCount} machines, ${machineCount * appCount} instances, nothing to do`,
      value: same.ms,
      unit: "ms",
      note: `${changesOf(same.result).length} changes`,
    },
    {
      what: "the same, one app of ten with a new image",
      value: rolled.ms,
      unit: "ms",
      note: `${changesOf(rolled.result).length} changes`,
    },
    {
      what: "heap with all observations, then after both plans",
      value: heapMiB,
      unit: "MiB",
      note: `${baseMiB.toFixed(0)} MiB before`,
    },
  ];
}

function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const started = performance.now();
  const result = work();
  return { ms: performance.now() - started, result };
}

async function fleetOf(machineTotal: number, appTotal: number): Promise<Documents> {
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

/** Machines on which everything is as declared, each observed as the kinds read it. */
function observe(resources: readonly Resource[]): ReadonlyMap<string, Observation> {
  const byMachine = Map.groupBy(resources, (r) => r.machine);
  return new Map(
    [...byMachine].map(([machine, own]) => {
      const sim = new EngineSim();
      for (const resource of own.filter((r) => r.kind === "app/image")) {
        const { reference } = resource.spec as { reference: string };
        sim.registry.set(reference, {
          id: `sha256:${"c".repeat(64)}`,
          digests: [reference],
          tags: [],
          config: {},
        });
      }
      for (const kind of [...kinds, ...kinds]) {
        for (const resource of own.filter((r) => r.kind === kind.id)) settle(kind, sim, resource);
      }
      const read = kinds.map(
        (k) => [k.id, { state: "present", value: k.read(sim, about) }] as const,
      );
      const inventory = { state: "present", value: emptyInventory("acme", machine) } as const;
      return [
        machine,
        {
          machine,
          facts: { ...facts, machine, key },
          inventory,
          kinds: new Map(read),
          troubles: [],
        },
      ];
    }),
  );
}

function settle(kind: AnyKind, sim: EngineSim, { spec }: Resource): void {
  const have = kind.read(sim, about).get(kind.key(spec));
  const difference = kind.diff(spec, have, facts);
  if (difference === undefined) return;
  const chosen = { difference, want: spec, ...(have === undefined ? {} : { have }) };
  const ran = sim.run(kind.apply(chosen, facts));
  if (ran.state !== "done") throw new Error(`${kind.id}: ${ran.why}`);
}
