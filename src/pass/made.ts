import { isInService, kindOf, type ContainerState } from "../kinds/index.ts";
import { appAddress, covers, resourceAddress, type Address } from "../model/address.ts";
import type { Survey } from "./survey.ts";

/** The revisions that made the containers at or below an address; what else is there carries no revision. */
export function madeAt(look: Survey, address: Address): readonly string[] {
  const kind = kindOf("app/container");
  const isAt = (own: Address, family: string): boolean =>
    covers(address, own) || address === appAddress(family);
  const byLabel = [...look.observations].flatMap(([machine, observation]) => {
    const live = observation.kinds.get(kind.id);
    if (live?.state !== "present") return [];
    return [...live.value.values()].flatMap((value) => {
      const { app, instance, containers } = value as ContainerState;
      const own = resourceAddress(machine, kind.id, app, String(instance));
      return containers
        .filter((c) => isInService(c) && isAt(own, c.family))
        .flatMap(({ revision }) => revision ?? []);
    });
  });
  return [...new Set(byLabel)];
}
