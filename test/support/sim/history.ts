import {
  appNames,
  filesOf,
  normalState,
  type Apps,
  type Commit,
  type Scenario,
} from "./scenario.ts";
import type { Stage } from "./stage.ts";

export interface Committed {
  readonly revision: string;
  readonly apps: Apps;
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
    this.push(Object.fromEntries(apps), "Start");
  }

  apps(): Apps {
    return this.last().apps;
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
    const apps = this.apps();
    switch (commit.make) {
      case "change": {
        const [app, template] = [appNames[commit.app], this.scenario.templates[commit.app]];
        const before = apps[app ?? ""] ?? this.scenario.first[commit.app];
        if (app === undefined || template === undefined || before === undefined) return;
        const state = normalState({ ...before, ...commit.to }, template);
        return this.push({ ...apps, [app]: state }, `Change ${app}`);
      }
      case "delete": {
        const leaving = commit.apps.flatMap((index) => appNames[index] ?? []);
        const staying = Object.entries(apps).filter(([app]) => !leaving.some((l) => l === app));
        const trailers = leaving.map((app) => `\nSlipway-Allow: delete app/${app}`).join("");
        const message = commit.isAllowed ? `Delete\n${trailers}` : "Delete";
        return this.push(Object.fromEntries(staying), message);
      }
      case "revert": {
        const to = this.commits.at(-1 - commit.back) ?? this.commits[0];
        return this.push(to?.apps ?? {}, "Revert");
      }
      case "retry": {
        const app = appNames[commit.app] ?? "";
        return this.push(apps, `Retry\n\nSlipway-Retry: app/${app}`, [app]);
      }
    }
  }

  private push(apps: Apps, message: string, retries: readonly string[] = []): void {
    const revision = this.stage.source.push(filesOf(apps, this.scenario), message);
    this.commits.push({ revision, apps, retries });
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
