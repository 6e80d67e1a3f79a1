import type { ChangeSighting } from "../apply/applied.ts";
import type { AppOutcome, ProbeSeen, SwitchSeen } from "../model/outcome.ts";

/** Beyond this what was seen of a switch is told for each machine rather than for each instance. */
const switchLimit = 100;

/** What was seen of a family's changes, as its outcome tells it: of each machine the last probe, and all switches. */
export function sightingsOf(
  sightings: readonly ChangeSighting[],
): Pick<AppOutcome, "switches" | "probes"> {
  const probes = new Map<string, ProbeSeen>();
  const switches: SwitchSeen[] = [];
  for (const { change, sighting } of sightings) {
    const { machine, app, name } = change;
    if (sighting.of === "probe") {
      probes.set(machine, { machine, probe: sighting.probe });
      continue;
    }
    const { served = 0, failed = 0, drained = 0, cut = 0 } = sighting;
    const isInstance = change.kind === "app/container" && app !== undefined;
    const instance = isInstance ? { app, instance: Number(name) } : {};
    switches.push({ machine, ...instance, served, failed, drained, cut });
  }
  const each = summed(switches);
  const told =
    each.length > switchLimit
      ? summed(each.map(({ app: _app, instance: _instance, ...seen }) => seen))
      : each;
  return {
    ...(told.length === 0 ? {} : { switches: told }),
    ...(probes.size === 0 ? {} : { probes: [...probes.values()] }),
  };
}

/** One of each machine and instance: a switch is seen by several steps. */
function summed(switches: readonly SwitchSeen[]): readonly SwitchSeen[] {
  const sums = new Map<string, SwitchSeen>();
  for (const seen of switches) {
    const key = `${seen.machine} ${seen.app ?? ""} ${seen.instance ?? ""}`;
    const sum = sums.get(key) ?? { ...seen, served: 0, failed: 0, drained: 0, cut: 0 };
    sums.set(key, {
      ...sum,
      served: sum.served + seen.served,
      failed: sum.failed + seen.failed,
      drained: sum.drained + seen.drained,
      cut: sum.cut + seen.cut,
    });
  }
  return [...sums.values()];
}
