import type { MachineContext } from "../desired/work.ts";
import {
  handsOnTo,
  isInService,
  kindOf,
  publishedPorts,
  type ContainerState,
  type EngineState,
  type NamesState,
  type ProxyState,
  type WireguardState,
} from "../kinds/index.ts";
import { groupBy } from "../lib/parallel.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument } from "../model/documents.ts";
import type { Inventory } from "../model/inventory.ts";
import { liveOf, type Observation } from "../model/observation.ts";
import { keyForDisplay } from "../model/secret.ts";
import type { Resource } from "../model/resource.ts";
import { belongingsOf } from "./belongings.ts";
import { bridgeOf } from "./bridge.ts";

type Observations = ReadonlyMap<string, Observation>;

export const inventoriesOf = (observations: Observations): ReadonlyMap<string, Inventory> =>
  new Map(
    [...observations].flatMap(([machine, o]) =>
      o.inventory.state === "present" ? [[machine, o.inventory.value] as const] : [],
    ),
  );

function engineOf(observation: Observation): Pick<MachineContext, "engine"> {
  const live = liveOf(observation, "machine/engine", "");
  return live.state === "present" ? { engine: live.value as EngineState } : {};
}

function wireguardOf(observation: Observation): Pick<MachineContext, "wireguard"> {
  const live = liveOf(observation, "machine/wireguard", "");
  return live.state === "present" ? { wireguard: live.value as WireguardState } : {};
}

/** What compiling needs to know of each machine that answered. */
export const contextsOf = (
  observations: Observations,
  inventories: ReadonlyMap<string, Inventory>,
  fleet: string,
): ReadonlyMap<string, MachineContext> =>
  new Map(
    [...observations].flatMap(([machine, o]) => {
      if (o.facts === undefined) return [];
      const records = Object.entries(inventories.get(machine)?.apps ?? {});
      const context = {
        key: o.facts.key ?? keyForDisplay,
        bridge: bridgeOf(o, fleet),
        ...engineOf(o),
        ...wireguardOf(o),
        belongings: belongingsOf(o),
        madeAs: new Map(records.flatMap(([family, { as }]) => (as ? [[family, as]] : []))),
        inService: inServiceIn(o),
        published: publishedIn(o),
        ...namesIn(o),
        handsOn: handsOnOf(o),
        proven: new Set(records.flatMap(([family, { good }]) => (good ? family : []))),
      };
      return [[machine, context] as const];
    }),
  );

function containersIn({ kinds }: Observation): readonly ContainerState[] {
  const live = kinds.get("app/container");
  return live?.state === "present" ? ([...live.value.values()] as ContainerState[]) : [];
}

const publishedIn = (observation: Observation): NonNullable<MachineContext["published"]> =>
  new Map(
    [...groupBy(containersIn(observation), ({ app }) => app)].map(([app, own]) => {
      const serving = own.flatMap(({ containers }) => containers.filter(isInService));
      const running = serving.filter((container) => container.running);
      return [app, running.flatMap(({ fields }) => publishedPorts(fields))];
    }),
  );

function inServiceIn(observation: Observation): MachineContext["inService"] {
  const serving = containersIn(observation).filter(({ containers }) =>
    containers.some(isInService),
  );
  return new Map(
    [...groupBy(serving, ({ app }) => app)].map(([app, own]) => [
      app,
      own.map(({ instance }) => instance).toSorted((a, b) => a - b),
    ]),
  );
}

/** The names of the machine's own lines, which come first. */
function namesIn(observation: Observation): Pick<MachineContext, "named"> {
  const live = liveOf(observation, "machine/names", "");
  const lines = live.state === "present" ? (live.value as NamesState).etc.lines : undefined;
  const [address] = lines?.[0]?.split(" ") ?? [];
  if (lines === undefined) return {};
  const own = lines.map((line) => line.split(" ")).filter(([first]) => first === address);
  return { named: new Set(own.flatMap(([, ...names]) => names)) };
}

function handsOnOf(observation: Observation): MachineContext["handsOn"] {
  const live = liveOf(observation, "machine/proxy", "");
  return live.state === "present" ? handsOnTo(live.value as ProxyState) : new Map();
}

/** Family → what any machine remembers of its releases: who runs them first may have changed, or forgotten. */
export function releasedOf(
  inventories: ReadonlyMap<string, Inventory>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const released = new Map<string, Set<string>>();
  for (const { apps } of inventories.values()) {
    for (const [family, { releases }] of Object.entries(apps)) {
      const known = released.get(family) ?? new Set();
      for (const digest of releases) known.add(digest);
      released.set(family, known);
    }
  }
  return released;
}

/** A machine that did not answer has no context to compile with: what it should run is shown as unknown. */
export const placeholders = (
  apps: readonly AppDocument[],
  observations: Observations,
): readonly Resource[] =>
  [...observations]
    .filter(([, o]) => o.facts === undefined)
    .flatMap(([machine]) =>
      apps
        .filter((a) => a.machines.includes(machine))
        .map(({ name: app, family }) => ({
          address: resourceAddress(machine, "app/container", app, ""),
          kind: "app/container",
          machine,
          app,
          family,
          name: "",
          spec: undefined,
        })),
    );

/** Addresses of volumes of ours that no resource claims. */
export function keptVolumes(
  observations: Observations,
  resources: readonly Resource[],
): ReadonlySet<string> {
  const kind = kindOf("app/volume");
  const claimed = new Set(
    resources.filter((r) => r.kind === kind.id).map((r) => `${r.machine} ${kind.key(r.spec)}`),
  );
  const kept = [...observations].flatMap(([machine, o]) => {
    const live = o.kinds.get(kind.id);
    if (live?.state !== "present") return [];
    return [...live.value].flatMap(([key, state]) => {
      const owner = kind.owner(state);
      if (owner === undefined || claimed.has(`${machine} ${key}`)) return [];
      return resourceAddress(machine, kind.id, owner.app, owner.name);
    });
  });
  return new Set(kept);
}
