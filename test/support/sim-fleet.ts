import { compile } from "../../src/desired/compile.ts";
import { imageTextsOf } from "../../src/desired/names.ts";
import { kinds } from "../../src/kinds/index.ts";
import { digestOf, digestOfBytes } from "../../src/lib/hash.ts";
import { isObject, type Json, type JsonObject } from "../../src/lib/json.ts";
import { load, createParseCache } from "../../src/load/load.ts";
import { formatDiagnostic } from "../../src/model/diagnostic.ts";
import type { Documents } from "../../src/model/documents.ts";
import { imageKey } from "../../src/model/image.ts";
import { forgetMarks, inventoryText, markGood, recordRelease } from "../../src/apply/record.ts";
import { emptyInventory, type Inventory } from "../../src/model/inventory.ts";
import type { Observation } from "../../src/model/observation.ts";
import type { Change } from "../../src/model/change.ts";
import { changesOf, type Plan } from "../../src/model/plan.ts";
import { withCurrentNames } from "../../src/pass/families.ts";
import { contextsOf, releasedOf } from "../../src/pass/contexts.ts";
import { makePlan } from "../../src/plan/plan.ts";
import { policiesOf } from "../../src/plan/policy.ts";
import { about, facts } from "./converge.ts";
import { EngineSim, type SimContainer } from "./engine-sim.ts";
import { snapshotOf } from "./repo.ts";
import { pretendedDigests } from "./secrets.ts";
import { proxyImage } from "./sim/registry.ts";
import { proxySocket } from "./sim/watchman.ts";

export type Files = Readonly<Record<string, string>>;

const cache = createParseCache(1_000);
const roundLimit = 6;

/** The documents of a repo; throws with its findings. */
export async function documentsOf(files: Files, revision: string): Promise<Documents> {
  const { documents, findings } = await load(snapshotOf(files, { revision }), { cache });
  if (documents === undefined) throw new Error(findings.map(formatDiagnostic).join("\n"));
  return documents;
}

/** What a text means here: every image can be pulled everywhere. */
const referenceOf = (text: string): string =>
  `${text.slice(0, text.lastIndexOf(":"))}@sha256:${digestOf(text)}`;

/** Machines in memory, planned for and changed as a pass does, without connections between. */
export class SimFleet {
  readonly sims = new Map<string, EngineSim>();
  /** What each remembers, as passes write it. */
  private readonly inventories = new Map<string, Inventory>();
  /** Machines that do not answer. */
  readonly away = new Set<string>();

  /** Plans and does it until nothing differs; gives each round's plan. Throws when it does not settle. */
  async converge(files: Files, revision: string): Promise<readonly Plan[]> {
    const documents = await documentsOf(files, revision);
    const plans: Plan[] = [];
    for (;;) {
      const plan = this.plan(documents, files);
      if (changesOf(plan).length === 0 && plan.awaiting.length === 0) {
        this.record(documents);
        return plans;
      }
      if (plans.length === roundLimit)
        throw new Error(
          `not settled: ${changesOf(plan)
            .map((c) => `${c.address}: ${c.reason.text}`)
            .join("; ")}`,
        );
      this.moveRecords(documents);
      this.apply(plan);
      plans.push(plan);
    }
  }

  plan(documents: Documents, files: Files): Plan {
    const apps = [...documents.apps.values()];
    const texts = apps.flatMap((app) =>
      [...imageTextsOf(app).keys()].map((text) => ({ app: app.name, text })),
    );
    for (const machine of documents.machines.keys()) {
      const sim = this.simOf(machine);
      for (const { text } of texts) {
        const reference = referenceOf(text);
        const image = { id: `sha256:${digestOf(reference)}`, digests: [reference], tags: [] };
        if (!sim.registry.has(reference)) sim.registry.set(reference, { ...image, config: {} });
      }
      const proxy = { id: `sha256:${digestOf(proxyImage)}`, digests: [], tags: [proxyImage] };
      if (!sim.registry.has(proxyImage)) sim.registry.set(proxyImage, { ...proxy, config: {} });
      const shipped = apps.flatMap((a) => [...a.ships.values()].flat());
      const contents = snapshotOf(files).entries;
      for (const { blob } of shipped) {
        const path = contents.find((e) => e.blob === blob)?.path ?? "";
        sim.blobs.set(blob, files[path] ?? "");
      }
    }
    const observations = new Map(
      [...documents.machines.keys()].map((m) => [m, this.observe(m)] as const),
    );
    const known = withCurrentNames(documents, observations, this.reached());
    const [anySim] = this.sims.values();
    const { resources, awaiting } = compile({
      documents,
      apps,
      machines: contextsOf(known.observations, known.inventories, documents.fleet),
      images: new Map(texts.map(({ app, text }) => [imageKey(app, text), referenceOf(text)])),
      secrets: pretendedDigests,
      hashes: new Map(
        [...(anySim?.blobs ?? [])].map(([b, text]) => [b, digestOfBytes(Buffer.from(text))]),
      ),
      released: releasedOf(known.inventories),
      renames: known.renames,
    });
    return makePlan({
      revision: documents.revision,
      kinds,
      resources,
      observations: known.observations,
      policies: policiesOf(apps),
      frozen: new Set(),
      givenUp: new Set(),
      apart: new Map(),
      retried: [],
      leaving: [],
      allows: [],
      restores: true,
      held: [],
      awaiting,
      settled: new Map(),
      waiting: new Map(),
      kept: new Set(),
      named: new Set(),
      suspended: new Set(),
    });
  }

  /** What runs and stands there, as far as a repo decides it: names, never ids or times. */
  state(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      [...this.sims].map(([machine, { engine, disk }]) => {
        const isKept = (name: string): boolean => /-(?:prev|failed)$/.test(name);
        const containers = engine.containers
          .filter((c) => !isKept(c.name) && !("slipway.proxy" in object(c.body["Labels"])))
          .map((c) => ({
            name: c.name,
            image: c.image.id,
            env: c.body["Env"],
            running: engine.isRunning(c),
            host: limited(c.host),
            networks: Object.fromEntries([...c.networks].map(([n, { aliases }]) => [n, aliases])),
          }))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1));
        const networks = engine.networks.map((n) => n.name).toSorted();
        const hosts = ["/etc/hosts", `${about.root}/hosts`].map((path) =>
          withOwners(disk.read(path) ?? "", engine.containers),
        );
        // Which slot somebody has, and in which backend, depends on what came before.
        const proxy = engine.proxyAt(proxySocket);
        const reached = (proxy?.pools() ?? []).toSorted().map((pool) => {
          const addresses = proxy?.servingOf(pool) ?? [];
          return [pool, addresses.map((a) => withOwners(a, engine.containers)).toSorted()];
        });
        return [machine, { containers, networks, hosts, reached }];
      }),
    );
  }

  private simOf(machine: string): EngineSim {
    const sim = this.sims.get(machine) ?? new EngineSim();
    this.sims.set(machine, sim);
    return sim;
  }

  private observe(machine: string): Observation {
    const sim = this.simOf(machine);
    if (this.away.has(machine)) {
      const inventory = { state: "unknown" as const, why: "away" };
      return { machine, inventory, kinds: new Map(), troubles: [] };
    }
    return {
      machine,
      facts: { ...facts, machine, key: "k" },
      inventory: { state: "present", value: this.inventoryOf(machine) },
      kinds: new Map(kinds.map((k) => [k.id, { state: "present", value: k.read(sim, about) }])),
      troubles: [],
    };
  }

  private inventoryOf(machine: string): Inventory {
    return this.inventories.get(machine) ?? emptyInventory("acme", machine);
  }

  private remember(machine: string, inventory: Inventory): void {
    this.inventories.set(machine, inventory);
    const { disk } = this.simOf(machine);
    disk.write(`${about.root}/inventory.json`, inventoryText(inventory));
  }

  /** Those that can be reached. */
  private reached(): ReadonlyMap<string, Inventory> {
    return new Map(
      [...this.sims.keys()]
        .filter((machine) => !this.away.has(machine))
        .map((machine) => [machine, this.inventoryOf(machine)]),
    );
  }

  /** Before anything is applied. */
  private moveRecords(documents: Documents): void {
    const { inventories } = withCurrentNames(documents, new Map(), this.reached());
    for (const [machine, inventory] of inventories) this.remember(machine, inventory);
  }

  /** After all was proven. */
  private record(documents: Documents): void {
    this.moveRecords(documents);
    const [inputDigest, imageDigest, reason] = ["", "", ""];
    for (const [machine, before] of this.reached()) {
      let next = before;
      for (const { family, machines } of documents.apps.values()) {
        const mark = { revision: documents.revision, inputDigest, imageDigest, reason, at: "" };
        if (machines.includes(machine)) next = markGood(next, family, mark);
      }
      this.remember(
        machine,
        forgetMarks(next, (family) => documents.families.has(family)),
      );
    }
  }

  private recordRelease({ family = "", machine, name }: Change): void {
    const { engine } = this.simOf(machine);
    const digests = engine.containers.map((c) =>
      String(object(c.body["Labels"])["slipway.release"]),
    );
    const digest = digests.find((d) => d.startsWith(name)) ?? "";
    this.remember(machine, recordRelease(this.inventoryOf(machine), family, digest));
  }

  private apply(plan: Plan): void {
    for (const change of changesOf(plan)) {
      const ran = this.simOf(change.machine).run(change.steps);
      if (ran.state !== "done") throw new Error(`${change.address}: ${ran.why}`);
      if (change.kind === "app/release") this.recordRelease(change);
    }
  }
}

/** An address is told by whose it is: which one it was given, depends on what came before. */
function withOwners(text: string, containers: readonly SimContainer[]): string {
  const owners = containers.flatMap((c) =>
    [...c.networks.values()].map(({ address }) => [address, c.name] as const),
  );
  return text.replace(/^\d\S+/gm, (first) => owners.find(([a]) => a === first)?.[1] ?? first);
}

const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** A limit that was taken away in place is one that nothing reaches. */
const limited = (host: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(host).filter(([, value]) => typeof value !== "number" || value < 2 ** 60),
  );
