import { servingKey, type Bridge, type Serving } from "../desired/addresses.ts";
import { fleetNetwork } from "../desired/container.ts";
import { isInService, type ContainerState, type NetworkState } from "../kinds/index.ts";
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
  const found = containers.map((state) => ({ state, serving: servingIn(state, name) }));
  const known = {
    held: new Set(held),
    serving: new Map(found.flatMap(({ state, serving }) => keyed(state, serving?.at))),
    nameless: new Set(
      found.flatMap(({ state, serving }) => (serving?.isNameless ? keyOf(state) : [])),
    ),
  };
  if (live.state === "absent") {
    const range = rangeToMake(observation, held);
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
function rangeToMake(observation: Observation, held: readonly string[]): Bridge["range"] {
  const { addressPools = [], routes = [] } = observation.facts ?? {};
  const networks = statesOf(observation, "app/network") as readonly NetworkState[];
  return freeRange(addressPools, [...routes, ...networks.flatMap((n) => n.subnet ?? [])], held);
}

const keyOf = ({ app, instance }: ContainerState): string => servingKey(app, instance);

const keyed = (
  state: ContainerState,
  serving: Serving | undefined,
): readonly (readonly [string, Serving])[] =>
  serving === undefined ? [] : [[keyOf(state), serving]];

/** One that lost its address with its network, or that has gone, gets it again: its names can stay. */
function servingIn(
  { containers }: ContainerState,
  network: string,
): { readonly at?: Serving; readonly isNameless?: true } | undefined {
  const own = containers.filter(isInService);
  const found = own.find((c) => c.running) ?? own[0];
  const isComing = containers.length > 0 && containers.every((c) => c.role === "previous");
  if (found === undefined) return isComing ? undefined : { isNameless: true };
  const address = found.addresses[network];
  if (address !== undefined) {
    const { app, served } = found;
    return { at: { address, app, ...(served === undefined ? {} : { served }) } };
  }
  return found.networks.includes(network) ? { isNameless: true } : undefined;
}

function statesOf(observation: Observation, kind: string): readonly unknown[] {
  const live = observation.kinds.get(kind);
  return live?.state === "present" ? [...live.value.values()] : [];
}
