import type { ParseCache } from "../../../src/load/load.ts";
import type { RevisionOutcome } from "../../../src/model/outcome.ts";
import { SimClock } from "./clock.ts";
import { Crossing } from "./crossing.ts";
import { SimController, type Surroundings } from "./controller.ts";
import { SimMachine } from "./machine.ts";
import { imageText, proxyImage, SimRegistry, type Nature } from "./registry.ts";
import { randomOf, type Random } from "./random.ts";
import type { Fate, SimCall } from "./remote.ts";
import { appNames, doorsOf, edgesOf, machineNames, type Scenario } from "./scenario.ts";
import { SimSource } from "./source.ts";
import { Watchman } from "./watchman.ts";

const natures: readonly Nature[] = [
  ...(["good", "slow", "sick", "exits", "stubborn", "bad-release"] as const),
];

/** What was told of a revision. */
export interface Told {
  readonly outcome: RevisionOutcome;
  readonly isNews: boolean;
}

/** Machines, a repo, a registry and time; controllers come and go. */
export class Stage implements Surroundings {
  readonly clock = new SimClock();
  readonly random: Random;
  readonly machines: ReadonlyMap<string, SimMachine>;
  readonly watchmen: ReadonlyMap<string, Watchman>;
  readonly crossing: Crossing;
  readonly registry = new SimRegistry();
  readonly source = new SimSource();
  readonly parseCache: ParseCache;
  readonly trace: string[] = [];
  readonly startedRevisions = new Set<string>();
  readonly told: Told[] = [];
  /** Decides what befalls a call; faults are set by who plays. */
  fate: (controller: SimController, call: SimCall) => Fate = () => "goes";
  private controllers = 0;

  constructor(scenario: Scenario, parseCache: ParseCache) {
    this.parseCache = parseCache;
    this.random = randomOf(scenario.seed);
    for (const app of appNames)
      for (const version of [1, 2, 3])
        for (const nature of natures) this.registry.push(imageText(app, version, nature));
    this.registry.push(proxyImage);
    const names = machineNames.slice(0, scenario.machines);
    this.machines = new Map(
      names.map((name) => [name, new SimMachine(name, this.clock, this.registry)]),
    );
    this.watchmen = new Map(
      [...this.machines].map(([name, m]) => [
        name,
        new Watchman(m, () => this.clock.now(), doorsOf(scenario)),
      ]),
    );
    this.crossing = new Crossing(this.machines, () => this.clock.now(), edgesOf(scenario));
    for (const machine of this.machines.values()) furnish(machine);
  }

  newController(): SimController {
    return new SimController(`c${++this.controllers}`, this);
  }

  fateOf(controller: SimController, call: SimCall): Fate {
    return this.fate(controller, call);
  }

  tell = (text: string): void => {
    const seconds = ((this.clock.now() - Date.UTC(2030, 0, 1)) / 1000).toFixed(3);
    this.trace.push(`${seconds.padStart(9)} ${text}`);
  };

  started = (revision: string): void => {
    this.startedRevisions.add(revision);
  };

  ended = (controller: SimController, outcome: RevisionOutcome, isNews: boolean): void => {
    this.told.push({ outcome, isNews });
    this.tell(
      `${controller.name} tells ${isNews ? "" : "again "}${outcome.revision.slice(0, 8)} ${outcome.outcome}: ${outcome.text}`,
    );
  };
}

/** What is not ours, and has to stay as it is. */
function furnish({ engine, disk }: SimMachine): void {
  engine.images.push({ id: "sha256:f0", digests: [], tags: ["foreign:1"], config: {} });
  const create = (name: string, labels: Record<string, string>): void => {
    const body = { Image: "sha256:f0", Labels: labels, HostConfig: { NetworkMode: "bridge" } };
    engine.call("POST", ["containers", "create"], { name }, body);
  };
  engine.call("POST", ["networks", "create"], {}, { Name: "bridge" });
  create("foreign", {});
  create("acme-foreign-1", { "slipway.fleet": "other", "slipway.app": "shop" });
  engine.call("POST", ["containers", "foreign", "start"], {}, undefined);
  engine.call("POST", ["networks", "create"], {}, { Name: "foreign" });
  engine.call("POST", ["volumes", "create"], {}, { Name: "foreign_data" });
  disk.write("/etc/foreign", "theirs");
}

/** What is not ours on a machine, as text. */
export const foreignOf = ({ engine, disk }: SimMachine): string =>
  JSON.stringify({
    containers: engine.containers.filter((c) => c.image.id === "sha256:f0"),
    networks: engine.networks.filter((n) => n.name === "foreign" || n.name === "bridge"),
    volumes: engine.volumes.filter((v) => v.name === "foreign_data"),
    files: disk.read("/etc/foreign"),
    hosts: disk.read("/etc/hosts")?.split("\n")[0],
  });
