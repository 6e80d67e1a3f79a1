import { servingKey, type Bridge, type Serving } from "../desired/addresses.ts";
import { fleetNetwork } from "../desired/container.ts";
import type { ContainerState, NetworkState } from "../kinds/index.ts";
import { freeRange } from "../lib/subnet.ts";
import { liveOf, type Observation } from "../model/observation.ts";

/** The fleet's bridge on a machine: what is there of it, and who has which address. */
export function bridgeOf(observation: Observation, fleet: string): Bridge {
  const name = fleetNetwork(fleet);
  const live = liveOf(observation, "app/network", name);
  const containers = statesOf(observation, "app/container") as readonly ContainerState[];
  const held = containers.flatMap((state) =>
    state.containers.flatMap((c) => c.addresses[name] ?? []),
  );
  const known = {
    held: new Set(held),
    serving: new Map(containers.flatMap((state) => servingIn(state, name))),
  };
  if (live.state === "absent") {
    const range = rangeToMake(observation);
    return { ...known, ...(range === undefined ? {} : { range }) };
  }
  if (live.state !== "present") return known;
  const { gateway, range } = live.value as NetworkState;
  return {
    ...known,
    ...(gateway === undefined ? {} : { gateway }),
    ...(range === undefined ? {} : { range }),
  };
}

/** One beside all networks of the engine and all that the machine has routes to. */
function rangeToMake(observation: Observation): Bridge["range"] {
  const { addressPools = [], routes = [] } = observation.facts ?? {};
  const networks = statesOf(observation, "app/network") as readonly NetworkState[];
  return freeRange(addressPools, [...routes, ...networks.flatMap((n) => n.subnet ?? [])]);
}

const servingIn = (
  { app, instance, containers }: ContainerState,
  network: string,
): readonly (readonly [string, Serving])[] => {
  const own = containers.filter((c) => c.role === "current");
  const found = own.find((c) => c.running) ?? own[0];
  const address = found?.addresses[network];
  if (found === undefined || address === undefined) return [];
  return [[servingKey(app, instance), { address, app: found.app }]];
};

function statesOf(observation: Observation, kind: string): readonly unknown[] {
  const live = observation.kinds.get(kind);
  return live?.state === "present" ? [...live.value.values()] : [];
}
