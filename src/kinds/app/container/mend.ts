import type { Json } from "../../../lib/json.ts";
import type { Step } from "../../../model/step.ts";
import { endpointOf } from "../../shared/container/body.ts";
import { detachedFrom } from "../../shared/container/differences.ts";
import { limitsBody } from "../../shared/container/limits.ts";
import type { Attachment, ContainerSpec, Limits } from "../../shared/container/spec.ts";
import { connectNetwork, updateContainer } from "../../shared/engine.ts";
import { isAdopted } from "./adopted.ts";
import { limitFields } from "./differences.ts";
import { wantedRestart } from "./situation.ts";
import type { InstanceContainer } from "./state.ts";

/** Brings limits, restart policy and networks in line, in place. */
export function mend(want: ContainerSpec, live: InstanceContainer): readonly Step[] {
  const networks = want.networks === "host" ? [] : want.networks;
  const detached = new Set(detachedFrom(want, live));
  const restart = wantedRestart(want);
  const update: Json = {
    ...(limitFields(want.limits, live.limits).length > 0
      ? limitsBody(changeable(want.limits, live), changeable(live.limits, live))
      : {}),
    ...(live.restart === restart ? {} : { RestartPolicy: { Name: restart } }),
  };
  return [
    ...(Object.keys(update).length > 0 ? [updateContainer(live.id, update)] : []),
    ...networks
      .filter((n) => detached.has(n.name))
      .map((n) => connectNetwork(n.name, live.id, joining(want, n, live))),
  ];
}

/** One that was there before keeps its way out, as far as the engine can be told so. */
const joining = (want: ContainerSpec, network: Attachment, live: InstanceContainer): Json => ({
  ...endpointOf(want, network),
  ...(isAdopted(live) ? { GwPriority: -1 } : {}),
});

/** What the engine would refuse to hear of is as it was given. */
const changeable = ({ cpus, ...limits }: Limits, { adopted }: InstanceContainer): Limits =>
  adopted?.hasFixedCpus === true || cpus === undefined ? limits : { ...limits, cpus };
