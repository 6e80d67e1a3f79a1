import { proxyFolder } from "../../../model/paths.ts";
import type { Bound, DrainStep, Step, Traffic, WatchStep } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { optional } from "../../shared/optional.ts";
import type { InstanceContainer } from "./state.ts";

type Ref = string | Bound;

/** What the proxy had counted when the traffic was switched, for who drains. */
const counted = { bound: "counted" };

const trafficOf = ({ proxied, instance }: ContainerSpec, root: string): Traffic | undefined =>
  proxied && { proxy: proxyFolder(root), instance, pools: proxied.pools };

/** Sends what the proxy gets for an instance to a container; nothing for an app that is not behind it. */
export function switchTo(want: ContainerSpec, root: string, container: Ref): readonly Step[] {
  const traffic = trafficOf(want, root);
  return traffic === undefined ? [] : [{ do: "switch", traffic, container, bind: counted.bound }];
}

/** A share of the traffic first, where that is declared and somebody has the rest. */
export function tryShare(want: ContainerSpec, root: string, container: Ref): readonly Step[] {
  const traffic = trafficOf(want, root);
  const canary = want.proxied?.canary;
  if (traffic === undefined || canary === undefined) return [];
  const { share, forMs, maxErrors, maxLatencyMs } = canary;
  const judged = { traffic, maxErrors, ...optional("maxLatencyMs", maxLatencyMs) };
  const watch: WatchStep = { ...watching(want, container, forMs), judged };
  return [{ do: "canary", steps: [{ do: "switch", traffic, container, share }, watch] }];
}

/** Watched while the one before is still warm: what fails now goes back at once. */
export function watchServed(want: ContainerSpec, root: string, container: Ref): readonly Step[] {
  const traffic = trafficOf(want, root);
  if (traffic === undefined || want.proxied === undefined) return [];
  const { warmMs, maxErrors } = want.proxied;
  if (warmMs === 0) return [];
  return [{ ...watching(want, container, warmMs), judged: { traffic, maxErrors } }];
}

/** What is left of the watch once the one before was put away: that one is started again if this fails. */
export function watchOn(want: ContainerSpec, root: string, container: Ref): WatchStep | undefined {
  const traffic = trafficOf(want, root);
  if (traffic === undefined || want.proxied === undefined) return undefined;
  const { warmMs, maxErrors } = want.proxied;
  if (want.watchMs <= warmMs) return undefined;
  return {
    ...watching(want, container, want.watchMs - warmMs),
    judged: { traffic, maxErrors },
    isNew: true,
  };
}

/** Lets a container finish what it is at, before it is stopped. */
export function drainOf(
  want: ContainerSpec,
  root: string,
  old: InstanceContainer,
  network: string | undefined,
): readonly DrainStep[] {
  const traffic = trafficOf(want, root);
  const address = network === undefined ? undefined : old.addresses[network];
  if (traffic === undefined || want.proxied === undefined || !old.running || address === undefined)
    return [];
  const { drainMs, streamsMs } = want.proxied;
  return [{ do: "drain", traffic, address, requestsMs: drainMs, streamsMs, since: counted }];
}

export const watching = (want: ContainerSpec, container: Ref, forMs: number): WatchStep => ({
  do: "watch",
  container,
  probe: want.probe,
  restart: want.restart,
  intervalMs: want.probeIntervalMs,
  timeoutMs: want.probeTimeoutMs,
  forMs,
});
