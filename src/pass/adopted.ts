import {
  isAdopted,
  kindOf,
  recordOf,
  type ContainerSpec,
  type ContainerState,
} from "../kinds/index.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Survey } from "./survey.ts";

type Records = NonNullable<Inventory["adopted"]>;

const kind = kindOf("app/container");

/**
 * What a machine remembers of containers that were there before us: those that a look found in the hands of a declared app, and
 * those that are still to be let go. Where containers are not known, what was written stands.
 */
export function adoptedOn(
  look: Pick<Survey, "observations" | "resources" | "families">,
  machine: string,
  before: Records | undefined,
): Pick<Inventory, "adopted"> {
  const live = look.observations.get(machine)?.kinds.get(kind.id);
  if (live?.state !== "present" && live?.state !== "absent") return recorded(before);
  const states =
    live.state === "present" ? (live.value as ReadonlyMap<string, ContainerState>) : [];
  const wanted = wantedOn(look, machine);
  const declared = new Set(look.families.map(({ family }) => family));
  const found = [...states].flatMap(([key, state]) =>
    state.containers.filter(isAdopted).flatMap((container) => {
      const want = wanted.get(key);
      const isOurs = declared.has(state.family) || kind.owner(state) !== undefined;
      return isOurs
        ? [[container.id, recordOf(want, container, before?.[container.id])] as const]
        : [];
    }),
  );
  return recorded(Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

const recorded = (records: Records | undefined): Pick<Inventory, "adopted"> =>
  records === undefined || Object.keys(records).length === 0 ? {} : { adopted: records };

/** By the keys under which an instance may be found. */
function wantedOn(
  { resources }: Pick<Survey, "resources">,
  machine: string,
): ReadonlyMap<string, ContainerSpec> {
  const own = resources.filter(
    (r) => r.kind === kind.id && r.machine === machine && r.spec !== undefined,
  );
  return new Map(
    own.flatMap(({ spec }) =>
      [kind.key(spec), ...(kind.formerKeys?.(spec) ?? [])].map(
        (key) => [key, spec as ContainerSpec] as const,
      ),
    ),
  );
}
