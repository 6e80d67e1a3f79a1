import type { FleetMachine } from "../fleet/fleet.ts";

/** What a machine holds of one Slipway fleet. */
export interface Holding {
  /** Name (without digest), image, state and restart policy of every container: the same from run to run. */
  readonly containers: readonly string[];
  readonly files: number;
  readonly inventory: unknown;
}

export interface Seen {
  readonly holding: Holding;
  /** App → id and start of each running container: what must not change when nothing was wrong with it. */
  readonly running: ReadonlyMap<string, readonly string[]>;
  readonly isLocked: boolean;
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly RestartPolicy: { readonly Name: string } };
  readonly State: { readonly Status: string; readonly StartedAt: string };
}

interface InventoryText {
  readonly apps: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly owned: unknown;
  readonly kept: unknown;
}

const lookScript = `
ids=$(docker ps -aq --filter "label=slipway.fleet=$1")
root=/var/lib/slipway/$1
printf '{"containers":%s,"inventory":%s,"files":%s,"isLocked":%s}' \
  "$(if [ -n "$ids" ]; then docker inspect $ids; else echo '[]'; fi)" "$(cat "$root/inventory.json")" \
  "$(ls "$root/files" | wc -l)" "$(if flock -n "$root/lock" true; then echo false; else echo true; fi)"
`;

/** One look at a machine, past Slipway. */
export async function see(machine: FleetMachine, fleet: string): Promise<Seen> {
  const { code, stdout, stderr } = await machine.exec(["sh", "-c", lookScript, "sh", fleet]);
  if (code !== 0) throw new Error(`${machine.name} cannot be looked at: ${stderr}`);
  const { containers, inventory, files, isLocked } = JSON.parse(stdout) as {
    readonly containers: readonly Inspected[];
    readonly inventory: InventoryText;
    readonly files: number;
    readonly isLocked: boolean;
  };
  const apps = Object.entries(inventory.apps).map(([family, { good, failed, images }]) => ({
    family,
    images,
    good: good !== undefined,
    failed: failed !== undefined,
  }));
  const running = new Map<string, readonly string[]>();
  for (const { Id: id, Config: config, State: state } of containers) {
    const app = config.Labels["slipway.app"] ?? "";
    if (state.Status === "running")
      running.set(app, [...(running.get(app) ?? []), `${id} ${state.StartedAt}`]);
  }
  return {
    holding: {
      containers: containers.map(lineOf).toSorted(),
      files,
      inventory: { apps, owned: inventory.owned, kept: inventory.kept },
    },
    running,
    isLocked,
  };
}

const lineOf = ({
  Name: name,
  Config: config,
  HostConfig: host,
  State: state,
}: Inspected): string =>
  [
    name.replace(/^\//, "").replace(/-[0-9a-f]{8}$/, ""),
    config.Labels["slipway.image"],
    state.Status,
    host.RestartPolicy.Name,
  ].join(" ");

export interface EngineEvent {
  readonly action: string;
  readonly id: string;
  readonly name: string;
  /** Seconds since 1970. */
  readonly at: number;
}

/** What the engine says happened to an app's containers since then; it remembers the last 256 events. */
export async function eventsSince(
  machine: FleetMachine,
  app: string,
  sinceMs: number,
): Promise<readonly EngineEvent[]> {
  const text = await machine.docker([
    "events",
    `--since=${sinceMs / 1000}`,
    `--until=${Date.now() / 1000}`,
    "--filter=type=container",
    `--filter=label=slipway.app=${app}`,
    "--format={{json .}}",
  ]);
  return lines(text).map((line) => {
    const event = JSON.parse(line) as {
      Action: string;
      timeNano: number;
      Actor: { ID: string; Attributes: { name: string } };
    };
    const { Action: action, Actor: actor, timeNano } = event;
    return { action, id: actor.ID, name: actor.Attributes.name, at: timeNano / 1e9 };
  });
}

/** The fewest proven containers that ran at once: those that ran at first, and each that got its own name. */
export function fewestServing(before: Iterable<string>, events: readonly EngineEvent[]): number {
  const serving = new Set(before);
  let fewest = serving.size;
  for (const { action, id, name } of events) {
    if (action === "rename" && /-[0-9a-f]{8}$/.test(name)) serving.add(id);
    if (action === "die") serving.delete(id);
    fewest = Math.min(fewest, serving.size);
  }
  return fewest;
}

const lines = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");
