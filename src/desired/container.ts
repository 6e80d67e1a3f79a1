import type { ContainerSpec, FilesSpec, PortBinding } from "../kinds/index.ts";
import { asList } from "../lib/list.ts";
import { parsePublish } from "../lib/publish.ts";
import { bytes, milliseconds } from "./units.ts";
import { volumesOf, type Volume } from "../lib/volumes.ts";
import { wordsOf } from "../lib/words.ts";
import type { AppFields } from "../generated/app.ts";
import type { AppDocument } from "../model/documents.ts";
import type { MachinePaths } from "../model/paths.ts";
import type { SealedText } from "../model/sealed.ts";
import type { TrafficPool } from "../model/step.ts";
import type { AddressBook } from "./addresses.ts";
import { fieldsOn } from "./names.ts";
import { healthOf } from "./health.ts";
import { mountsOf, signalOf, withReload } from "./mounts.ts";
import { proxiedBy } from "./proxied.ts";
import { servedBy } from "./served.ts";
import { fileVariables, plainEnv, secretEnvOf } from "./secrets.ts";

/** What a container's spec is made from, besides the app's document. */
export interface Placement {
  readonly fleet: string;
  readonly revision: string;
  readonly machine: string;
  readonly paths: MachinePaths;
  readonly image: string;
  readonly privateAddress: string | undefined;
  /** The fleet's bridge on this machine. */
  readonly gateway: string | undefined;
  /** What an instance that is made now gets for good on the bridge. */
  readonly addressOf: AddressBook;
  /** What the family's volumes and bridge are called there. */
  readonly volumeName: (volume: Volume) => string;
  readonly familyNetwork: string;
  /** The app as it was under each name that it had. */
  readonly formerly: readonly AppDocument[];
  /** What it ships. */
  readonly files: readonly FilesSpec[];
  /** It ends by itself: nothing is replaced under it. */
  readonly endsByItself?: true;
  /** What the machine's proxy has of the app. */
  readonly pools: readonly TrafficPool[];
  /** Of an opened text, under the machine's key. */
  readonly fingerprint: (text: SealedText) => string;
}

export const fleetNetwork = (fleet: string): string => `slipway-${fleet}`;

export const familyNetwork = (fleet: string, family: string): string =>
  `slipway-${fleet}-${family}`;

/** One instance of an app on one machine; undefined while an address that it binds is not known yet. */
export function containerSpec(
  app: AppDocument,
  instance: number,
  at: Placement,
): ContainerSpec | undefined {
  const fields = fieldsOn(app, at.machine);
  const ports = portBindings(fields, at);
  if (ports === undefined) return undefined;
  const formerly = at.formerly.flatMap(
    (former) => containerSpec(former, instance, { ...at, formerly: [] }) ?? [],
  );
  const spec: ContainerSpec = {
    fleet: at.fleet,
    app: app.name,
    family: app.family,
    instance,
    revision: at.revision,
    imageText: fields.image ?? "",
    image: at.image,
    env: {
      ...fileVariables(fields),
      ...plainEnv(fields),
      SLIPWAY_MACHINE: at.machine,
      SLIPWAY_APP: app.name,
      SLIPWAY_INSTANCE: String(instance),
    },
    ...secretEnv(app, fields, at),
    labels: fields.labels ?? {},
    mounts: mountsOf(app, fields, at),
    ports,
    served: at.endsByItself === true ? [] : servedBy(fields),
    networks: networksOf(app, instance, fields, at),
    restart: fields.restart ?? "unless-stopped",
    stopTimeoutSeconds: Math.ceil(milliseconds(fields.deploy?.stopTimeout ?? "10s") / 1_000),
    logs: {
      maxSizeBytes: bytes(fields.logs?.maxSize ?? "10m"),
      maxFiles: fields.logs?.maxFiles ?? 3,
    },
    running: fields.state !== "stopped",
    strategy: strategyOf(fields),
    limits: limitsOf(fields),
    ...processOf(fields),
    ...confinementOf(fields),
    ...healthOf(fields),
    ...proxiedBy(fields, at.pools),
    ...adoptedBy(fields, instance),
    ...(formerly.length === 0 ? {} : { formerly }),
  };
  const signal = signalOf(fields, at);
  return signal === undefined ? spec : withReload(spec, signal, at);
}

/** Of several the first is the first instance. */
function adoptedBy(fields: AppFields, instance: number): Pick<ContainerSpec, "adopt"> {
  const name = asList(fields.adopt)[instance - 1];
  return name === undefined ? {} : { adopt: name };
}

function secretEnv(
  app: AppDocument,
  fields: AppFields,
  { fingerprint }: Placement,
): Pick<ContainerSpec, "secretEnv"> {
  const texts = [...secretEnvOf(app, fields)];
  if (texts.length === 0) return {};
  const of = (text: SealedText) => ({ text, fingerprint: fingerprint(text) });
  return { secretEnv: Object.fromEntries(texts.map(([name, text]) => [name, of(text)])) };
}

/** Nothing is public by accident: `private` without a private address binds loopback and the fleet's bridge. */
function portBindings(fields: AppFields, at: Placement): readonly PortBinding[] | undefined {
  if (fields.network === "host") return [];
  const bindings: PortBinding[] = [];
  for (const text of fields.publish ?? []) {
    const published = parsePublish(text);
    const addresses = bindAddresses(published.scope, at);
    if (addresses === undefined) return undefined;
    const [first, last] = published.host;
    for (let hostPort = first; hostPort <= last; hostPort++) {
      const containerPort = published.container[0] + (hostPort - first);
      for (const hostIp of addresses)
        bindings.push({ hostIp, hostPort, containerPort, protocol: published.protocol });
    }
  }
  return bindings;
}

type Scope = ReturnType<typeof parsePublish>["scope"];

function bindAddresses(scope: Scope, at: Placement): readonly string[] | undefined {
  if (scope === "public") return [""];
  if (scope === "local") return ["127.0.0.1"];
  if (scope !== "private") return [scope.ip];
  if (at.privateAddress !== undefined) return [at.privateAddress];
  return at.gateway === undefined ? undefined : ["127.0.0.1", at.gateway];
}

function networksOf(
  app: AppDocument,
  instance: number,
  fields: AppFields,
  at: Placement,
): ContainerSpec["networks"] {
  if (fields.network === "host") return "host";
  const hostname = fields.hostname === undefined ? [] : [fields.hostname];
  const address = at.addressOf(app.name, instance);
  const fleet = {
    name: fleetNetwork(at.fleet),
    aliases: [app.name, `${app.name}.${at.machine}`, ...hostname],
    ...(address === undefined ? {} : { address }),
  };
  if (app.service === undefined) return [fleet];
  return [fleet, { name: at.familyNetwork, aliases: [app.service, app.name] }];
}

/** Start-first where no host port and no writable data is held by the one before. */
function strategyOf(fields: AppFields): ContainerSpec["strategy"] {
  const declared = fields.deploy?.strategy ?? "auto";
  if (declared !== "auto") return declared;
  const holdsPort = (fields.publish ?? []).length > 0 || fields.network === "host";
  const holdsData = volumesOf(fields.volumes).some((v) => !v.readOnly);
  return holdsPort || holdsData ? "stop-first" : "start-first";
}

function limitsOf(fields: AppFields): ContainerSpec["limits"] {
  const { memory, memoryReservation, memorySwap, cpus, cpuShares, cpuset, pids } =
    fields.resources ?? {};
  return {
    ...(memory === undefined ? {} : { memoryBytes: bytes(memory) }),
    ...(memoryReservation === undefined
      ? {}
      : { memoryReservationBytes: bytes(memoryReservation) }),
    ...(memorySwap === undefined ? {} : { memorySwapBytes: bytes(memorySwap) }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(cpuShares === undefined ? {} : { cpuShares }),
    ...(cpuset === undefined ? {} : { cpuset }),
    ...(pids === undefined ? {} : { pids }),
  };
}

type Part<K extends keyof ContainerSpec> = Pick<ContainerSpec, K>;

function processOf(
  fields: AppFields,
): Partial<
  Part<
    | "command"
    | "entrypoint"
    | "user"
    | "workingDir"
    | "hostname"
    | "stopSignal"
    | "init"
    | "groupAdd"
  >
> {
  return {
    ...(fields.command === undefined ? {} : { command: wordsOf(fields.command) }),
    ...(fields.entrypoint === undefined ? {} : { entrypoint: wordsOf(fields.entrypoint) }),
    ...(fields.user === undefined ? {} : { user: fields.user }),
    ...(fields.workingDir === undefined ? {} : { workingDir: fields.workingDir }),
    ...(fields.hostname === undefined ? {} : { hostname: fields.hostname }),
    ...(fields.stopSignal === undefined ? {} : { stopSignal: fields.stopSignal }),
    ...(fields.init === undefined ? {} : { init: fields.init }),
    ...(fields.groupAdd === undefined ? {} : { groupAdd: fields.groupAdd }),
  };
}

function confinementOf(fields: AppFields): Partial<ContainerSpec> {
  return {
    ...(fields.readOnly === undefined ? {} : { readOnly: fields.readOnly }),
    ...(fields.privileged === undefined ? {} : { privileged: fields.privileged }),
    ...(fields.tmpfs === undefined
      ? {}
      : { tmpfs: Object.fromEntries(fields.tmpfs.map(splitAtColon)) }),
    ...(fields.shmSize === undefined ? {} : { shmSizeBytes: bytes(fields.shmSize) }),
    ...(fields.ulimits === undefined ? {} : { ulimits: ulimitsOf(fields.ulimits) }),
    ...(fields.capAdd === undefined ? {} : { capAdd: fields.capAdd }),
    ...(fields.capDrop === undefined ? {} : { capDrop: fields.capDrop }),
    ...(fields.devices === undefined ? {} : { devices: fields.devices.map(deviceOf) }),
    ...(fields.sysctls === undefined ? {} : { sysctls: fields.sysctls }),
    ...(fields.dns === undefined ? {} : { dns: fields.dns }),
    ...(fields.securityOpt === undefined ? {} : { securityOpt: fields.securityOpt }),
  };
}

function splitAtColon(text: string): [string, string] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
}

const ulimitsOf = (
  ulimits: NonNullable<AppFields["ulimits"]>,
): NonNullable<ContainerSpec["ulimits"]> =>
  Object.entries(ulimits).map(([name, limit]) =>
    typeof limit === "number"
      ? { name, soft: limit, hard: limit }
      : { name, soft: limit.soft, hard: limit.hard },
  );

/** `/dev/host[:/dev/container[:rwm]]`, or `/dev/host:rwm`. */
function deviceOf(text: string): NonNullable<ContainerSpec["devices"]>[number] {
  const [host = "", ...rest] = text.split(":");
  const container = rest.find((part) => part.startsWith("/")) ?? host;
  return { host, container, permissions: rest.find((part) => !part.startsWith("/")) ?? "rwm" };
}
