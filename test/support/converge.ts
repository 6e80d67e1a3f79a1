import type { About, Kind } from "../../src/kinds/kind.ts";
import type { Difference } from "../../src/model/change.ts";
import type { Facts } from "../../src/model/resource.ts";
import type { Step } from "../../src/model/step.ts";
import type { Answers } from "../../src/model/query.ts";
import type { EngineSim, Ran } from "./engine-sim.ts";

export const about: About = { fleet: "acme", root: "/var/lib/slipway/acme" };

export const facts: Facts = {
  machine: "web-1",
  ...about,
  os: "debian",
  kernel: "6.1",
  arch: "x86_64",
  bootId: "boot",
  machineId: "machine",
  clockMs: 0,
  uptimeSeconds: 1000,
  load1: 0,
  memoryTotalBytes: 8e9,
  memoryAvailableBytes: 8e9,
  diskTotalBytes: 1e11,
  diskAvailableBytes: 1e11,
  engineFolder: "/var/lib/docker",
  routes: ["10.0.0.0/24"],
  addressPools: [],
};

/** What a kind finds under the key of what is wanted, or under this key. */
export function find<Spec, State>(
  kind: Kind<Spec, State>,
  answers: Answers,
  at: Spec | string,
): State | undefined {
  const states = kind.read(answers, about);
  if (typeof at === "string") return states.get(at);
  const keys = [kind.key(at), ...(kind.formerKeys?.(at) ?? [])];
  const [first, ...others] = keys.flatMap((key) => states.get(key) ?? []);
  return first && others.reduce((have, former) => kind.join?.(have, former) ?? have, first);
}

export interface Planned {
  readonly difference: Difference;
  readonly steps: readonly Step[];
}

/** What a kind would do for a spec that is wanted, or for the key of one that is not. */
export function planFor<Spec, State>(
  kind: Kind<Spec, State>,
  answers: Answers,
  want: Spec | undefined,
  key?: string,
): Planned | undefined {
  const have = want === undefined ? find(kind, answers, key ?? "") : find(kind, answers, want);
  const difference = kind.diff(want, have, facts);
  if (difference === undefined) return undefined;
  const chosen = {
    difference,
    ...(want === undefined ? {} : { want }),
    ...(have === undefined ? {} : { have }),
  };
  return { difference, steps: kind.apply(chosen, facts) };
}

/** Plans and applies until nothing differs; throws when that takes more than `rounds`. */
export function converge<Spec, State>(
  kind: Kind<Spec, State>,
  sim: EngineSim,
  want: Spec | undefined,
  { key, rounds = 3 }: { key?: string; rounds?: number } = {},
): readonly Ran[] {
  const runs: Ran[] = [];
  for (;;) {
    const planned = planFor(kind, sim, want, key);
    if (planned === undefined) return runs;
    if (runs.length === rounds) {
      const why = runs.at(-1)?.why ?? "";
      throw new Error(`still ${planned.difference.reason.code} after ${rounds} rounds: ${why}`);
    }
    runs.push(sim.run(planned.steps));
  }
}
