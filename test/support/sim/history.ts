import {
  appNames,
  filesOf,
  normalState,
  type Apps,
  type Commit,
  type Scenario,
  type Settings,
} from "./scenario.ts";
import type { Stage } from "./stage.ts";

export interface Committed {
  readonly revision: string;
  readonly apps: Apps;
  readonly settings: Settings;
  /** Apps that this commit asks to be tried again. */
  readonly retries: readonly string[];
}

/** The commits of a scenario, as they are made. */
export class History {
  readonly commits: Committed[] = [];
  private readonly scenario: Scenario;
  private readonly stage: Stage;

  constructor(scenario: Scenario, stage: Stage) {
    this.scenario = scenario;
    this.stage = stage;
  }

  start(): void {
    const { first, templates } = this.scenario;
    const apps = appNames.flatMap((app, index) => {
      const [state, template] = [first[index], templates[index]];
      return state === undefined || template === undefined
        ? []
        : [[app, normalState(state, template)] as const];
    });
    this.push({ apps: Object.fromEntries(apps), settings: {} }, "Start");
  }

  apps(): Apps {
    return this.last().apps;
  }

  settings(): Settings {
    return this.last().settings;
  }

  head(): string {
    return this.last().revision;
  }

  find(revision: string): Committed {
    const found = this.commits.find((c) => c.revision === revision);
    if (found === undefined) throw new Error(`nobody committed ${revision}`);
    return found;
  }

  commit(commit: Commit): void {
    const { apps, settings } = this.last();
    switch (commit.make) {
      case "change": {
        const [app, template] = [appNames[commit.app], this.scenario.templates[commit.app]];
        const before = apps[app ?? ""] ?? this.scenario.first[commit.app];
        if (app === undefined || template === undefined || before === undefined) return;
        const state = normalState({ ...before, ...commit.to }, template);
        return this.push({ apps: { ...apps, [app]: state }, settings }, `Change ${app}`);
      }
      case "delete": {
        const leaving = commit.apps.flatMap((index) => appNames[index] ?? []);
        const staying = Object.entries(apps).filter(([app]) => !leaving.some((l) => l === app));
        const trailers = leaving.map((app) => `\nSlipway-Allow: delete app/${app}`).join("");
        const message = commit.isAllowed ? `Delete\n${trailers}` : "Delete";
        return this.push({ apps: Object.fromEntries(staying), settings }, message);
      }
      case "revert": {
        const to = this.commits.at(-1 - commit.back) ?? this.commits[0];
        return this.push(to ?? { apps: {}, settings: {} }, "Revert");
      }
      case "retry": {
        const app = appNames[commit.app] ?? "";
        return this.push({ apps, settings }, `Retry\n\nSlipway-Retry: app/${app}`, [app]);
      }
      case "setting": {
        const { [commit.machine]: _, ...others } = settings;
        const next = commit.value === null ? others : { ...others, [commit.machine]: commit.value };
        return this.push({ apps, settings: next }, `Set ${JSON.stringify(next)}`);
      }
    }
  }

  private push(
    { apps, settings }: Pick<Committed, "apps" | "settings">,
    message: string,
    retries: readonly string[] = [],
  ): void {
    const revision = this.stage.source.push(filesOf(apps, settings, this.scenario), message);
    this.commits.push({ revision, apps, settings, retries });
    const said = Object.entries(apps).map(
      ([app, s]) =>
        `${app}:${s.version}-${s.nature} env ${s.env} on ${s.on} x${s.instances}${s.isStopped ? " stopped" : ""}`,
    );
    this.stage.tell(
      `— commit ${revision.slice(0, 8)} ${message.split("\n")[0]}: ${said.join("; ")}`,
    );
  }

  private last(): Committed {
    const last = this.commits.at(-1);
    if (last === undefined) throw new Error("nothing is committed yet");
    return last;
  }
}
