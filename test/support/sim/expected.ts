import type { RevisionOutcome } from "../../../src/model/outcome.ts";
import type { SimContainer } from "./engine.ts";
import { badFile, imageText, isHealthy, referenceOf } from "./registry.ts";
import {
  appNames,
  fileText,
  machinesOf,
  membersOf,
  type Apps,
  type AppState,
  type AppTemplate,
  type Scenario,
} from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { labelOf } from "./watchman.ts";

/** What becomes of an app at a commit, when nothing stands in the way. */
export type Fortune =
  | "works"
  | "fails"
  | "cannot be pulled"
  /** It would fail, and runs nowhere: whether it ran before decides. */
  | "idles";

export function fortuneOf(state: AppState, template: AppTemplate): Fortune {
  const { nature, instances, isStopped } = state;
  if (nature === "missing") return "cannot be pulled";
  const hasBadFile = isToldBadFile(state, template);
  const isRefused = nature === "bad-release" && template.hasRelease;
  const isWell = !isRefused && nature !== "sick" && nature !== "exits";
  if (isWell && !hasBadFile) return "works";
  return isRefused || (instances > 0 && !isStopped) ? "fails" : "idles";
}

const isToldBadFile = (state: AppState, { hasFile, isTold }: AppTemplate): boolean =>
  hasFile && isTold && fileText(state) === badFile;

export const templateOf = (scenario: Scenario, app: string): AppTemplate => {
  const template = scenario.templates[appNames.findIndex((name) => name === app)];
  if (template === undefined) throw new Error(`there is no app ${app}`);
  return template;
};

/** Instances of an app that should run, as `m1 shop/1`. */
export function wantedInstances(
  app: string,
  state: AppState,
  scenario: Scenario,
): ReadonlySet<string> {
  const members = membersOf(app, templateOf(scenario, app));
  const count = state.isStopped ? 0 : state.instances;
  return new Set(
    machinesOf(state, scenario.machines).flatMap((machine) =>
      members.flatMap((member) =>
        Array.from({ length: count }, (_, index) => `${machine} ${member}/${index + 1}`),
      ),
    ),
  );
}

export interface Running {
  /** `m1 shop/1` */
  readonly instance: string;
  readonly container: SimContainer;
}

/** Instances of an app that run, kept ones and releases left out. */
export function runningInstances(stage: Stage, app: string): readonly Running[] {
  return [...stage.machines].flatMap(([machine, sim]) => {
    sim.live();
    return sim.engine.containers
      .filter((c) => sim.engine.isRunning(c) && labelOf(c, "slipway.family") === app)
      .filter((c) => labelOf(c, "slipway.fleet") === "acme" && labelOf(c, "slipway.release") === "")
      .map((container) => ({
        instance: `${machine} ${labelOf(container, "slipway.app")}/${labelOf(container, "slipway.instance")}`,
        container,
      }));
  });
}

/** Whether a container is what this state declares, and well. */
export function isMadeFrom(
  { container }: Running,
  app: string,
  state: AppState,
  nowMs: number,
): boolean {
  const env = container.body["Env"] as readonly string[];
  const told = container.files?.find(({ source }) => source.includes(".live/"));
  return (
    container.body["Image"] === referenceOf(imageText(app, state.version, state.nature)) &&
    (told === undefined ? env.includes(`E=${state.env}`) : told.read === fileText(state)) &&
    (isHealthy(container, nowMs) || isBroughtBack(container, nowMs))
  );
}

/** What was stopped for a new one that failed is started again, and not waited for. */
const isBroughtBack = (container: SimContainer, nowMs: number): boolean =>
  container.status === "running" &&
  /-(?:good|slow|stubborn)$/.test(container.image.tags[0] ?? "") &&
  nowMs - Date.parse(container.startedAt) < 30_000;

/** Why an app does not run exactly as declared; undefined where it does. */
export function whyNotAs(
  stage: Stage,
  scenario: Scenario,
  app: string,
  state: AppState,
  {
    number = state,
    isLeavingHeld = false,
    unseen = [],
  }: {
    /** Where and how often it should run. */
    readonly number?: AppState;
    /** What it leaves behind is kept by a guard. */
    readonly isLeavingHeld?: boolean;
    /** Machines that the pass could not look at: what is left there is told as trouble of the machine. */
    readonly unseen?: readonly string[];
  } = {},
): string | undefined {
  const wanted = wantedInstances(app, { ...number, isStopped: state.isStopped }, scenario);
  const running = runningInstances(stage, app).filter(
    ({ instance }) =>
      wanted.has(instance) || !(isLeavingHeld || unseen.some((m) => instance.startsWith(`${m} `))),
  );
  const have = running.map((r) => r.instance);
  const missing = [...wanted].filter((w) => !have.includes(w));
  const extra = have.filter((h, index) => !wanted.has(h) || have.indexOf(h) !== index);
  const wrong = running.filter((r) => !isMadeFrom(r, app, state, stage.clock.now()));
  const parts = [
    missing.length === 0 ? "" : `missing ${missing.join(", ")}`,
    extra.length === 0 ? "" : `extra ${extra.join(", ")}`,
    wrong.length === 0
      ? ""
      : `wrong ${wrong.map((r) => `${r.instance} (${r.container.image.tags[0]}, ${r.container.status})`).join(", ")}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts.join("; ");
}

/** Apps that have to go on serving while a pass brings this about, by machine. */
export function servingOn(
  machine: string,
  healthy: ReadonlySet<string>,
  apps: Apps,
  scenario: Scenario,
): ReadonlySet<string> {
  const declared = Object.entries(apps).flatMap(([app, state]) => {
    const template = templateOf(scenario, app);
    const stays =
      !template.isStateful &&
      // One that is told of a file it is not well with serves meanwhile, perhaps alone.
      !isToldBadFile(state, template) &&
      state.instances > 0 &&
      machinesOf(state, scenario.machines).includes(machine);
    return stays ? membersOf(app, template) : [];
  });
  return new Set(declared.filter((app) => healthy.has(app)));
}

/** Apps that have to go on being reached from elsewhere, wherever they are. */
export const reachedOf = (apps: Apps, scenario: Scenario): ReadonlySet<string> =>
  new Set(
    Object.entries(apps).flatMap(([app, state]) => {
      const template = templateOf(scenario, app);
      const stays =
        !template.isStateful &&
        !isToldBadFile(state, template) &&
        state.instances > 0 &&
        !state.isStopped;
      return stays ? membersOf(app, template) : [];
    }),
  );

/** Whether a guard keeps what an app leaves behind. */
export const isLeavingHeld = (outcome: RevisionOutcome, app: string): boolean =>
  outcome.held.some((h) => h.address.includes(`/app/${app}`) && h.text.includes("would go"));

/** Apps that are to run on a machine, however they are replaced. */
export const stayingOn = (machine: string, apps: Apps, scenario: Scenario): ReadonlySet<string> =>
  new Set(
    Object.entries(apps).flatMap(([app, state]) =>
      state.instances > 0 &&
      !state.isStopped &&
      machinesOf(state, scenario.machines).includes(machine)
        ? membersOf(app, templateOf(scenario, app))
        : [],
    ),
  );
