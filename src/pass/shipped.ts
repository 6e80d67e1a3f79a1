import {
  isInService,
  kindOf,
  versionFields,
  type ContainerState,
  type FilesSpec,
} from "../kinds/index.ts";
import type { FilesState } from "../kinds/index.ts";
import { isObject } from "../lib/json.ts";
import type { Change } from "../model/change.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan, Turn } from "../model/plan.ts";
import type { Resource } from "../model/resource.ts";
import type { Survey } from "./survey.ts";

/**
 * What a plan that is shown says besides: a new version of what an app ships is written beside the one that its
 * containers mount, so that only both together tell which files differ.
 */
export function withVersions(plan: Plan, look: Pick<Survey, "resources" | "observations">): Plan {
  const resources = new Map(look.resources.map((resource) => [resource.address, resource]));
  const told = (change: Change): Change => {
    const resource = resources.get(change.address);
    const isNew = change.kind === "app/files" && change.action === "create";
    return isNew && resource !== undefined
      ? withVersion(change, resource, look.observations.get(change.machine))
      : change;
  };
  const ofTurn = (turn: Turn): Turn => ({ ...turn, changes: turn.changes.map(told) });
  return {
    ...plan,
    rollouts: plan.rollouts.map((rollout) => ({
      ...rollout,
      prepare: rollout.prepare.map(ofTurn),
    })),
  };
}

function withVersion(
  change: Change,
  resource: Resource,
  observation: Observation | undefined,
): Change {
  const want = resource.spec as FilesSpec;
  const former = observation && versionInUse(observation, want);
  if (former === undefined) return change;
  const text = `${want.target} ships with other content`;
  return {
    ...change,
    reason: { ...change.reason, text },
    fields: versionFields(want, former),
  };
}

/** The version that a container of that app in service mounts at the same place. */
function versionInUse(observation: Observation, want: FilesSpec): FilesState | undefined {
  const containers = observation.kinds.get(kindOf("app/container").id);
  const files = observation.kinds.get(kindOf("app/files").id);
  if (containers?.state !== "present" || files?.state !== "present") return undefined;
  const mounts = [...containers.value.values()]
    .flatMap((state) => (state as ContainerState).containers)
    .filter((c) => isInService(c) && c.app === want.app)
    .map(({ fields }) => fields[`mounts.${want.target}`]);
  for (const mount of mounts) {
    const source = isObject(mount) ? mount["source"] : undefined;
    if (typeof source !== "string") continue;
    const state = files.value.get(source.slice(source.lastIndexOf("/") + 1));
    if (state !== undefined) return state as FilesState;
  }
  return undefined;
}
