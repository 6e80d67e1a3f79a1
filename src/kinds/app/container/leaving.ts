import { proxyFolder } from "../../../model/paths.ts";
import type { DrainStep } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { label } from "../../shared/labels.ts";
import type { InstanceContainer } from "./state.ts";

/** As a container remembers it for the day on which nothing is declared of it any more. */
export const drainText = ({ proxied }: ContainerSpec): Readonly<Record<string, string>> =>
  proxied === undefined ? {} : { [label.drain]: `${proxied.drainMs} ${proxied.streamsMs}` };

export interface Drain {
  readonly requestsMs: number;
  readonly streamsMs: number;
}

export function readDrain(text: string | undefined): Drain | undefined {
  const [, requests, streams] = /^(\d{1,9}) (\d{1,9})$/.exec(text ?? "") ?? [];
  return requests === undefined
    ? undefined
    : { requestsMs: Number(requests), streamsMs: Number(streams) };
}

/** Lets one that leaves without a successor finish what it is at: the proxy may have forgotten its pools already. */
export const leaving = (
  container: InstanceContainer,
  instance: number,
  root: string,
): readonly DrainStep[] => {
  const { drain } = container;
  if (drain === undefined || !container.running) return [];
  const traffic = { proxy: proxyFolder(root), instance, pools: [] };
  return Object.values(container.addresses).map((address) => ({
    do: "drain",
    traffic,
    address,
    ...drain,
  }));
};
