import { kindOf, type ContainerState } from "../kinds/index.ts";
import { covers, resourceAddress, type Address } from "../model/address.ts";
import type { Survey } from "./survey.ts";

/** The revisions that made what is at or below an address: of its containers, else of its apps' last proven state. */
export function madeAt(look: Survey, address: Address): readonly string[] {
  const kind = kindOf("app/container");
  const byLabel = [...look.observations].flatMap(([machine, observation]) => {
    const live = observation.kinds.get(kind.id);
    if (live?.state !== "present") return [];
    return [...live.value.values()].flatMap((value) => {
      const { app, instance, containers } = value as ContainerState;
      const own = resourceAddress(machine, kind.id, app, String(instance));
      const current = containers.filter((c) => c.role === "current" && c.revision !== undefined);
      return covers(address, own) ? current.flatMap((c) => c.revision ?? []) : [];
    });
  });
  if (byLabel.length > 0) return [...new Set(byLabel)];
  const families = look.resources
    .filter((resource) => covers(address, resource.address))
    .flatMap((resource) => resource.family ?? []);
  const marks = [...look.inventories.values()].flatMap((inventory) =>
    [...new Set(families)].flatMap((family) => inventory.apps[family]?.good?.revision ?? []),
  );
  return [...new Set(marks)];
}
