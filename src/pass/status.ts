import {
  kindOf,
  type CertificateState,
  type ContainerState,
  type InstanceContainer,
} from "../kinds/index.ts";
import type { Documents } from "../model/documents.ts";
import type { Inventory, Mark } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import { urlOf } from "../model/routes.ts";
import type {
  AppStatus,
  CertificateStatus,
  InstanceStatus,
  MachineStatus,
} from "../model/status.ts";
import type { Held } from "../model/plan.ts";
import { observeFleet } from "../observe/fleet.ts";
import { concernsOf, type Shown } from "./concerns.ts";
import { inventoriesOf } from "./contexts.ts";
import { withCurrentNames } from "./families.ts";
import { targetsOf } from "./targets.ts";
import type { World } from "./world.ts";

type Observations = ReadonlyMap<string, Observation>;

/** Containers, inventories and facts of all machines: less than a survey asks for. */
export async function observeContainers(world: World, documents: Documents): Promise<Observations> {
  const targets = targetsOf(documents);
  return await observeFleet(world, targets, [kindOf("app/container")], documents.fleet);
}

/** Machines as they were found, in order of name, with how many updates those have that told. */
export const machineStatuses = (
  observations: Observations,
  now: number,
  updates: ReadonlyMap<string, number> = new Map(),
): readonly MachineStatus[] =>
  [...observations.values()]
    .map((observation) => {
      const status = machineStatus(observation);
      const count = updates.get(status.name);
      const concerns = concernsOf(status, shownOn(observation), now);
      return {
        ...status,
        ...(count === undefined ? {} : { securityUpdates: count }),
        ...(concerns.length === 0 ? {} : { concerns }),
      };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** A stand-in is ours to renew. */
const shownOn = (observation: Observation): readonly Shown[] =>
  certificatesOn(observation).flatMap(({ host, file }) =>
    file?.certificate === undefined || file.certificate.isStandIn
      ? []
      : [{ host, ...file.certificate }],
  );

/** A clock that is read between two moments may be right within them; busybox tells whole seconds only. */
function clockOf({ facts, asked }: Observation): Pick<MachineStatus, "clock"> {
  if (facts === undefined || asked === undefined) return {};
  const { fromMs, toMs } = asked;
  const latestMs = facts.clockMs + (facts.clockMs % 1000 === 0 ? 999 : 0);
  const offsetMs = Math.max(0, facts.clockMs - toMs) - Math.max(0, fromMs - latestMs);
  return { clock: { offset: offsetMs / 1000, within: (toMs - fromMs) / 1000 } };
}

function machineStatus(observation: Observation): MachineStatus {
  const { machine, facts, troubles } = observation;
  const why = troubles[0]?.text;
  const said = why === undefined ? {} : { why };
  if (facts === undefined) return { name: machine, reachable: false, ...said };
  return {
    name: machine,
    reachable: true,
    ...said,
    os: facts.os,
    kernel: facts.kernel,
    ...(facts.engineVersion === undefined ? {} : { engine: facts.engineVersion }),
    uptime: facts.uptimeSeconds,
    load: facts.load1,
    memory: { total: facts.memoryTotalBytes, available: facts.memoryAvailableBytes },
    disk: { total: facts.diskTotalBytes, available: facts.diskAvailableBytes },
    ...(facts.inodesTotal === undefined || facts.inodesAvailable === undefined
      ? {}
      : { inodes: { total: facts.inodesTotal, available: facts.inodesAvailable } }),
    ...clockOf(observation),
    ...(facts.isRebootNeeded === undefined ? {} : { rebootNeeded: facts.isRebootNeeded }),
  };
}

function certificatesOn({ kinds }: Observation): readonly CertificateState[] {
  const live = kinds.get(kindOf("machine/certificate").id);
  return live?.state === "present" ? ([...live.value.values()] as readonly CertificateState[]) : [];
}

/** What the machines of a host have in common is told once. */
export function certificateStatuses(observations: Observations): readonly CertificateStatus[] {
  const found = new Map<string, CertificateStatus>();
  for (const [machine, observation] of observations) {
    for (const { host, file } of certificatesOn(observation)) {
      const { certificate } = file ?? {};
      if (certificate === undefined) continue;
      const { issuer, isStandIn, notAfter, sha256 } = certificate;
      const key = isStandIn ? `${host} stand-in` : `${host} ${sha256}`;
      const { machines = [] } = found.get(key) ?? {};
      found.set(key, {
        host,
        machines: [...machines, machine].toSorted(),
        issuer,
        ...(isStandIn ? { standIn: true as const } : {}),
        until: new Date(notAfter).toISOString(),
      });
    }
  }
  return [...found.values()].toSorted((a, b) =>
    compare([a.host, ...a.machines], [b.host, ...b.machines]),
  );
}

/** App files with their containers: those that are declared, and what still runs of others. In order of name. */
export function appStatuses(
  asked: Observations,
  documents: Documents,
  allHeld: readonly Held[] = [],
): readonly AppStatus[] {
  const { observations, inventories } = withCurrentNames(documents, asked, inventoriesOf(asked));
  const found = [...observations].flatMap(([machine, o]) => instancesOn(machine, o));
  const declared = [...documents.apps.values()].map((app) => app.family);
  const families = new Set([...declared, ...found.map((f) => f.family)]);
  return [...families].toSorted().map((family) => {
    const { good, failed } = marksOf(inventories, family);
    const held = allHeld.find((h) => h.app === family)?.text;
    return {
      family,
      ...(good === undefined ? {} : { good: good.revision }),
      ...(failed === undefined
        ? {}
        : { failed: { revision: failed.revision, reason: failed.reason } }),
      ...(held === undefined ? {} : { held }),
      ...routesTo(documents, family),
      instances: found
        .filter((f) => f.family === family)
        .map((f) => f.instance)
        .toSorted(byPlace),
    };
  });
}

function routesTo({ apps }: Documents, family: string): Pick<AppStatus, "routes"> {
  const placed = [...apps.values()]
    .filter((app) => app.family === family)
    .flatMap((app) => app.routes.filter(({ on }) => on.length > 0));
  return placed.length === 0 ? {} : { routes: [...new Set(placed.map(urlOf))] };
}

/** The newest of each sort over all machines. */
function marksOf(
  inventories: ReadonlyMap<string, Inventory>,
  family: string,
): { readonly good?: Mark; readonly failed?: Mark } {
  const records = [...inventories.values()].flatMap((i) => i.apps[family] ?? []);
  const newest = (marks: readonly Mark[]): Mark | undefined =>
    marks.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0];
  const good = newest(records.flatMap((r) => r.good ?? []));
  const failed = newest(records.flatMap((r) => r.failed ?? []));
  return { ...(good === undefined ? {} : { good }), ...(failed === undefined ? {} : { failed }) };
}

function instancesOn(
  machine: string,
  observation: Observation,
): readonly { readonly family: string; readonly instance: InstanceStatus }[] {
  const live = observation.kinds.get(kindOf("app/container").id);
  if (live?.state !== "present") return [];
  return [...live.value.values()].flatMap((value) => {
    const state = value as ContainerState;
    return state.containers.filter(isShown).map((container) => ({
      family: state.family,
      instance: instanceStatus(machine, state, container),
    }));
  });
}

/** What is kept only for an instant return is nobody's concern. */
const isShown = (container: InstanceContainer): boolean => container.role !== "previous";

function instanceStatus(
  machine: string,
  { app, instance }: ContainerState,
  container: InstanceContainer,
): InstanceStatus {
  const { name, running, health, image, imageText, revision, restartCount } = container;
  const since = running ? container.startedAt : (container.finishedAt ?? container.createdAt);
  const ports = container.fields["publish"];
  return {
    app,
    machine,
    instance,
    container: name,
    image: imageText ?? image,
    revision: revision ?? "",
    running,
    ...(container.role === "failed" ? { failed: true as const } : {}),
    ...(health === undefined || !running ? {} : { health }),
    restarts: restartCount,
    ...(since === undefined ? {} : { since }),
    ports: Array.isArray(ports) ? ports.map((port) => portText(String(port))) : [],
  };
}

/** `10.0.0.11:8080:80/tcp` → `10.0.0.11:8080->80/tcp` */
const portText = (binding: string): string => binding.replace(/:(\d+\/\w+)$/, "->$1");

const byPlace = (a: InstanceStatus, b: InstanceStatus): number =>
  compare([a.app, a.machine], [b.app, b.machine]) ||
  a.instance - b.instance ||
  compare([a.container], [b.container]);

const compare = (a: readonly string[], b: readonly string[]): number => {
  const at = a.findIndex((text, i) => text !== b[i]);
  return at < 0 ? 0 : (a[at] ?? "") < (b[at] ?? "") ? -1 : 1;
};
