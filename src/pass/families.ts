import type { ContainerState } from "../kinds/index.ts";
import type { Documents } from "../model/documents.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import { currentNames, moveRecords, renamesOf, type Renames } from "../plan/renames.ts";

type Observations = ReadonlyMap<string, Observation>;
type Inventories = ReadonlyMap<string, Inventory>;

/** What was found, told by the names that families have now: labels outlive a rename. */
export interface Known {
  readonly renames: Renames;
  readonly observations: Observations;
  readonly inventories: Inventories;
}

const labelled: readonly string[] = ["app/container", "app/network", "app/volume"];

export function withCurrentNames(
  documents: Pick<Documents, "families" | "apps">,
  observations: Observations,
  inventories: Inventories,
  links?: ReadonlyMap<string, string>,
): Known {
  const renames = renamesOf(documents, inventories, links);
  if (renames.past.size === 0) return { renames, observations, inventories };
  const current = currentNames(renames);
  const familyOf = (state: { readonly app?: string; readonly family?: string }): string => {
    const declared = state.app === undefined ? undefined : documents.apps.get(state.app)?.family;
    const family = state.family ?? "";
    return declared ?? current.get(family) ?? family;
  };
  return {
    renames,
    observations: new Map(
      [...observations].map(([machine, o]) => [machine, retold(o, familyOf)] as const),
    ),
    inventories: new Map(
      [...inventories].map(([machine, i]) => [machine, moveRecords(i, renames)] as const),
    ),
  };
}

function retold(
  observation: Observation,
  familyOf: (state: Pick<ContainerState, "app" | "family">) => string,
): Observation {
  const kinds = [...observation.kinds].map(([id, live]): [typeof id, typeof live] => {
    if (live.state !== "present" || !labelled.includes(id)) return [id, live];
    const states = [...live.value].map(([key, value]): [string, unknown] => {
      const state = value as Pick<ContainerState, "app" | "family">;
      const family = state.family === undefined ? undefined : familyOf(state);
      return [key, family === state.family ? value : { ...state, family }];
    });
    return [id, { state: "present", value: new Map(states) }];
  });
  return { ...observation, kinds: new Map(kinds) };
}
