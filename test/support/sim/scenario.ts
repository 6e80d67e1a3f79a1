import { imageText, type Nature } from "./registry.ts";

/** What an app is for all of a scenario. */
export interface AppTemplate {
  /** Has a volume, and with `port` a port of its machine: it is stopped before the new one starts. */
  readonly isStateful: boolean;
  readonly hasPort: boolean;
  readonly hasServices: boolean;
  readonly hasRelease: boolean;
  readonly hasFile: boolean;
  /** With a file: it is told of another one, and made anew only for what else changes. */
  readonly isTold: boolean;
  readonly onFailure: "revert" | "halt" | "continue";
  readonly batch: number;
  /** How it is reached through the proxy. */
  readonly door: "none" | "routes" | "listen";
  /** With routes: they stand on the first machine alone. */
  readonly isVia: boolean;
  /** A new one gets a share first. */
  readonly hasCanary: boolean;
  /** Follows the app before it. */
  readonly isAfter: boolean;
}

/** What of an app a commit may change. */
export interface AppState {
  readonly version: number;
  readonly nature: Nature;
  readonly env: number;
  /** Bits: on which machines. */
  readonly on: number;
  readonly instances: number;
  readonly isStopped: boolean;
}

/** By name; an app that is not there is not declared. */
export type Apps = Readonly<Record<string, AppState>>;

/** By number of the machine: its vm.swappiness, where that is declared. */
export type Settings = Readonly<Record<number, number>>;

export type Commit =
  | { readonly make: "change"; readonly app: number; readonly to: Partial<AppState> }
  | { readonly make: "delete"; readonly apps: readonly number[]; readonly isAllowed: boolean }
  /** Brings back the state of so many commits ago. */
  | { readonly make: "revert"; readonly back: number }
  | { readonly make: "retry"; readonly app: number }
  /** Null: no longer declared. */
  | { readonly make: "setting"; readonly machine: number; readonly value: number | null };

/** What goes wrong in a pass, when its controller makes the call with this number. */
export type Fault =
  | {
      readonly at: number;
      readonly what: "lost-undone" | "lost-done" | "dies-before" | "dies-after";
    }
  | {
      readonly at: number;
      readonly what: "outage" | "ill" | "full" | "registry";
      readonly machine: number;
      readonly forMs: number;
    }
  /** A commit comes that takes over. */
  | { readonly at: number; readonly what: "preempt"; readonly commit: Commit }
  /** Another controller starts a pass of its own. */
  | { readonly at: number; readonly what: "rival" };

/** Its container is stopped; a file of it is edited; it is told to send nothing to a server. */
export type ProxyDrift = "proxy" | "proxy-file" | "proxy-server";

export type Act =
  | { readonly do: "commit"; readonly commit: Commit }
  | { readonly do: "pass"; readonly faults: readonly Fault[] }
  /** By hand, on a container of ours. */
  | {
      readonly do: "drift";
      readonly how: "stop" | "remove" | "rename" | "names" | "file" | "setting" | ProxyDrift;
      readonly which: number;
    }
  | { readonly do: "forget-notes" };

export interface Scenario {
  /** Decides how long each call takes. */
  readonly seed: number;
  readonly machines: number;
  readonly templates: readonly AppTemplate[];
  readonly first: readonly AppState[];
  readonly acts: readonly Act[];
}

export const appNames = ["db", "shop", "work"] as const;
export const machineNames = ["m1", "m2", "m3"] as const;

/** Whose proxy answers to routes that do not stand where their app runs. */
const edgeName = machineNames[0];

export const addressOf = (machine: string): string => `10.0.0.${machine.slice(1)}`;

export const plainTemplate: AppTemplate = {
  isStateful: false,
  hasPort: false,
  hasServices: false,
  hasRelease: false,
  hasFile: false,
  isTold: false,
  onFailure: "revert",
  batch: 1,
  door: "none",
  isVia: false,
  hasCanary: false,
  isAfter: false,
};

export const plainState: AppState = {
  version: 1,
  nature: "good",
  env: 0,
  on: 7,
  instances: 1,
  isStopped: false,
};

/** Host ports and volumes are for one instance. */
export const normalState = (state: AppState, template: AppTemplate): AppState => ({
  ...state,
  instances: template.isStateful ? Math.min(state.instances, 1) : state.instances,
  isStopped: state.isStopped && template.isStateful,
});

export const machinesOf = ({ on }: AppState, count: number): readonly string[] => {
  const names = machineNames.slice(0, count);
  const chosen = names.filter((_, index) => (on & (1 << index)) !== 0);
  return chosen.length === 0 ? names.slice(0, 1) : chosen;
};

/** The names of its containers' apps. */
export const membersOf = (app: string, template: AppTemplate): readonly string[] =>
  template.hasServices ? [`${app}-back`, `${app}-web`] : [app];

export const fileText = ({ env }: AppState): string => `env = ${env}\n`;

const hasDoor = ({ door, isStateful, hasPort, hasServices }: AppTemplate): boolean =>
  door === "routes" || (door === "listen" && !(isStateful && hasPort && !hasServices));

/** Those of an app's containers that are reached through the proxy whatever else is there. */
export const doorsOf = ({ templates }: Pick<Scenario, "templates">): ReadonlySet<string> =>
  new Set(
    appNames.flatMap((app, index) => {
      const template = templates[index];
      return template !== undefined && hasDoor(template)
        ? [template.hasServices ? `${app}-web` : app]
        : [];
    }),
  );

/** What it publishes has no number by which another machine's proxy could ask for it. */
const isBehindEdge = ({ door, isVia, isStateful, hasPort, hasServices }: AppTemplate): boolean =>
  door === "routes" && isVia && !(isStateful && hasPort && !hasServices);

/** By app, the machine whose proxy hands on to it. */
export const edgesOf = ({ templates }: Pick<Scenario, "templates">): ReadonlyMap<string, string> =>
  new Map(
    appNames.flatMap((app, index) => {
      const template = templates[index];
      return template !== undefined && isBehindEdge(template)
        ? [[template.hasServices ? `${app}-web` : app, edgeName] as const]
        : [];
    }),
  );

const doorOf = (app: string, index: number, template: AppTemplate): string => {
  if (!hasDoor(template)) return "";
  return template.door === "routes"
    ? `routes: [{ host: ${app}.example.com, tls: off${isBehindEdge(template) ? `, via: ${edgeName}` : ""} }]`
    : `listen: ${9100 + index}`;
};

const canaryOf = (template: AppTemplate): string =>
  template.hasCanary && template.door === "routes" && !template.isStateful && !template.hasServices
    ? ", canary: { share: 20%, for: 2s }"
    : "";

export function filesOf(
  apps: Apps,
  settings: Settings,
  { templates, machines }: Pick<Scenario, "templates" | "machines">,
): Readonly<Record<string, string>> {
  const files: Record<string, string> = { "slipway.yaml": "fleet: acme\n" };
  for (const [index, name] of machineNames.slice(0, machines).entries()) {
    const value = settings[index];
    const sysctl = value === undefined ? "" : `sysctl: { vm.swappiness: ${value} }\n`;
    files[`machines/${name}.yaml`] = `address: ${addressOf(name)}\n${sysctl}`;
  }
  for (const [index, app] of appNames.entries()) {
    const [state, template] = [apps[app], templates[index]];
    if (state === undefined || template === undefined) continue;
    files[`apps/${app}/app.yaml`] = yamlOf(app, index, state, template, machines, apps);
    files[`apps/${app}/app.toml`] = fileText(state);
  }
  return files;
}

function yamlOf(
  app: string,
  index: number,
  state: AppState,
  template: AppTemplate,
  machines: number,
  apps: Apps,
): string {
  const { onFailure, batch } = template;
  const before = appNames[index - 1];
  const isAfter = template.isAfter && before !== undefined && apps[before] !== undefined;
  return [
    `image: ${imageText(app, state.version, state.nature)}`,
    `machines: [${machinesOf(state, machines).join(", ")}]`,
    `instances: ${state.instances}`,
    "port: 8080",
    ...(template.hasFile && template.isTold ? ["reload: HUP"] : [`env: { E: "${state.env}" }`]),
    `deploy: { onFailure: ${onFailure}, batch: ${batch}${canaryOf(template)} }`,
    ...(template.isStateful ? ["volumes: { data: /data }"] : []),
    ...(template.isStateful && template.hasPort && !template.hasServices
      ? [`publish: ["${9000 + index}:8080"]`]
      : []),
    ...(template.hasServices
      ? [`services: { web: { ${doorOf(app, index, template)} }, back: {} }`]
      : [doorOf(app, index, template)]),
    ...(template.hasRelease ? ["release: { command: [migrate] }"] : []),
    ...(template.hasFile ? ["files: { /etc/app.toml: app.toml }"] : []),
    ...(state.isStopped ? ["state: stopped"] : []),
    ...(isAfter ? [`after: [${before}]`] : []),
    "",
  ].join("\n");
}
