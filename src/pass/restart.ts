import { asFailure, type StepFailure } from "../apply/failure.ts";
import type { Hold } from "../apply/lock.ts";
import { runSteps } from "../apply/steps.ts";
import {
  isInService,
  kindOf,
  restartSteps,
  type ContainerSpec,
  type ContainerState,
  type InstanceContainer,
} from "../kinds/index.ts";
import type { Resource } from "../model/resource.ts";
import { machinePaths } from "../model/paths.ts";
import type { Restarted, RestartFailure, RestartRun } from "../model/restart.ts";
import { observeFleet } from "../observe/fleet.ts";
import { openHolds } from "./holds.ts";
import { redactor } from "./secrets.ts";
import type { Survey } from "./survey.ts";
import type { World } from "./world.ts";

export interface RestartWish {
  readonly look: Survey;
  readonly fleet: string;
  /** Its services too, where it is an app file. */
  readonly app: string;
  readonly machine?: string;
  readonly stop: AbortSignal;
}

const kind = "app/container";

/** One instance at a time, machine by machine, under its lock: whoever sees one stopped waits, and finds it running. */
export async function restart(world: World, wish: RestartWish): Promise<RestartRun> {
  const { look, app, machine: only } = wish;
  const apps = look.apps.filter((a) => a.name === app || a.family === app);
  const machines = new Set(apps.flatMap((a) => a.machines));
  const restarted: Restarted[] = [];
  for (const machine of [...machines].toSorted()) {
    if (only !== undefined && only !== machine) continue;
    const seen = look.observations.get(machine);
    // What runs there is not known: it is not passed over as if there was nothing.
    if (seen?.facts === undefined)
      return {
        restarted,
        failure: { machine, text: seen?.troubles[0]?.text ?? "it did not answer" },
      };
    const own = look.resources.filter(
      (r) => r.kind === kind && r.machine === machine && apps.some((a) => a.name === r.app),
    );
    if (own.length === 0) continue;
    const failure = await restartOn(world, wish, machine, own, restarted);
    if (failure !== undefined) return { restarted, failure: { machine, ...failure } };
  }
  return { restarted };
}

async function restartOn(
  world: World,
  { look, fleet, stop }: RestartWish,
  machine: string,
  wanted: readonly Resource[],
  restarted: Restarted[],
): Promise<Omit<RestartFailure, "machine"> | undefined> {
  const holds = openHolds(world, fleet, stop);
  try {
    await holds.take([machine], look);
    const hold = holds.taken.get(machine);
    if (hold === undefined) return { text: holds.troubles[0]?.text ?? "told to stop" };
    const target = new Map([...look.targets].filter(([name]) => name === machine));
    // What was seen before the lock may have been replaced since.
    const seen = (await observeFleet(world, target, [kindOf(kind)], fleet)).get(machine);
    const live = seen?.kinds.get(kind);
    if (live?.state !== "present") return { text: seen?.troubles[0]?.text ?? "not observed" };
    for (const resource of wanted) {
      const spec = resource.spec as ContainerSpec;
      const state = live.value.get(kindOf(kind).key(spec)) as ContainerState | undefined;
      const container = state?.containers.find(isInService);
      if (container === undefined || !spec.running) continue;
      if (stop.aborted) return { text: "told to stop" };
      const startedMs = world.clock.now();
      const failure = await restartOne(world, hold, stop, resource, container);
      if (failure !== undefined)
        return {
          address: resource.address,
          text: stop.aborted ? "told to stop before it was healthy" : failure.message,
          ...(failure.evidence === undefined ? {} : { evidence: failure.evidence }),
        };
      const { app, instance } = spec;
      const durationMs = world.clock.now() - startedMs;
      restarted.push({ machine, app, instance, container: container.name, durationMs });
    }
    return undefined;
  } finally {
    await holds.release();
  }
}

async function restartOne(
  world: World,
  hold: Hold,
  stop: AbortSignal,
  { address, spec }: Resource,
  container: InstanceContainer,
): Promise<StepFailure | undefined> {
  const { clock, listener } = world;
  const redact = redactor(world);
  const want = spec as ContainerSpec;
  try {
    await runSteps(
      {
        session: hold.session,
        clock,
        preempt: stop,
        content: () => Promise.reject(new Error("a restart ships no files")),
        reveal: () => {
          throw new Error("a restart makes no container");
        },
        redact,
        fence: (outlivesMs) => hold.fence(outlivesMs),
        progress: (text) => listener({ type: "progress", address, text: redact(text) }),
        saw: () => undefined,
      },
      restartSteps(want, container, machinePaths(want.fleet).root),
    );
    return undefined;
  } catch (error) {
    return asFailure(error).redacted(redact);
  }
}
