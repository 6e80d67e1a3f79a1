import { environmentsOf } from "../load/load.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** All environments; the root is a fleet of its own where it has machines, or no environment does. */
export function fleetsIn(snapshot: Snapshot): readonly (string | undefined)[] {
  const environments = environmentsOf(snapshot);
  const hasMachines = snapshot.entries.some(({ path }) => /^machines\/[^/]+\.yaml$/.test(path));
  return hasMachines || environments.length === 0 ? [undefined, ...environments] : environments;
}
