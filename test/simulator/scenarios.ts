import {
  appNames,
  plainState,
  plainTemplate,
  type Act,
  type AppState,
  type AppTemplate,
  type Fault,
  type Scenario,
} from "../support/sim/scenario.ts";

type App = Partial<AppState & AppTemplate>;

/** All apps plain and on the first machine, but for what a case says of them. */
export function scenarioOf(
  acts: readonly Act[],
  {
    seed = 0,
    machines = 1,
    ...apps
  }: {
    readonly seed?: number;
    readonly machines?: number;
  } & Partial<Record<(typeof appNames)[number], App>> = {},
): Scenario {
  return {
    seed,
    machines,
    acts,
    templates: appNames.map((app) => pick(plainTemplate, apps[app])),
    first: appNames.map((app) => pick({ ...plainState, on: 1 }, apps[app])),
  };
}

const pick = <T extends object>(plain: T, own: object = {}): T => ({
  ...plain,
  ...Object.fromEntries(Object.entries(own).filter(([key]) => key in plain)),
});

export const pass = (...faults: readonly Fault[]): Act => ({ do: "pass", faults });

export const change = (app: (typeof appNames)[number], to: Partial<AppState>): Act => ({
  do: "commit",
  commit: { make: "change", app: appNames.indexOf(app), to },
});
