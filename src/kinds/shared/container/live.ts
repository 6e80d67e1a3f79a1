import { isObject, type Json } from "../../../lib/json.ts";
import { parsedJson } from "../../../lib/lines.ts";
import { parseServed, type Served } from "../../../model/served.ts";
import { label } from "../labels.ts";
import { optional } from "../optional.ts";
import {
  booleanAt,
  listAt,
  numberAt,
  objectAt,
  optionalBoolean,
  optionalNumber,
  optionalString,
  stringAt,
  stringMapAt,
  stringsAt,
} from "../reader.ts";
import {
  capabilities,
  compact,
  devicesField,
  inheritable,
  networkFields,
  prefixed,
  publishField,
  some,
  sorted,
  ulimitsField,
  type Fields,
} from "./fields.ts";
import { readLimits } from "./limits.ts";
import type { Limits } from "./spec.ts";

/** A container of ours as it is, as far as it is compared or shown. */
export interface LiveContainer {
  readonly id: string;
  readonly name: string;
  /** The app that it was made for: another one than its name says after `renamedFrom`. */
  readonly app: string;
  readonly family: string;
  readonly revision?: string;
  /** `slipway.spec`: what it was made from. */
  readonly spec: string;
  /** The image as the engine was told: `name@sha256:…` or an id. */
  readonly image: string;
  readonly imageId: string;
  /** The image as the app file wrote it. */
  readonly imageText?: string;
  /** `created`, `running`, `paused`, `restarting`, `exited`, `removing`, `dead`. */
  readonly status: string;
  readonly running: boolean;
  readonly restarting: boolean;
  readonly paused: boolean;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** The engine's words when it could not be started. */
  readonly error?: string;
  /** `starting`, `healthy`, `unhealthy`; absent without a health check of the image. */
  readonly health?: string;
  readonly createdAt: string;
  /** Absent: it never ran. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly limits: Limits;
  readonly restart: string;
  readonly stopTimeoutSeconds?: number;
  readonly networks: readonly string[];
  /** Network → the address that it has there for good, whether it runs or not. */
  readonly addresses: Readonly<Record<string, string>>;
  /** How it serves its ports, where it says so. */
  readonly served?: readonly Served[];
  /** Its create-only fields, without what came with the image. */
  readonly fields: Fields;
}

export const labelOf = (inspect: Json, name: string): string | undefined =>
  optionalString(inspect, "Config", "Labels", name);

export const nameOf = (inspect: Json): string => stringAt(inspect, "Name").replace(/^\//, "");

/** Host paths that it mounts. */
export const bindsOf = (inspect: Json): readonly string[] =>
  mountsOf(inspect)
    .filter((mount) => mount.type === "bind")
    .map((mount) => mount.source);

/** Reads one answer of `/containers/{id}/json`. */
export function readContainer(inspect: Json): LiveContainer {
  const health = optionalString(inspect, "State", "Health", "Status");
  return {
    id: stringAt(inspect, "Id"),
    name: nameOf(inspect),
    app: stringAt(inspect, "Config", "Labels", label.app),
    family: labelOf(inspect, label.family) ?? stringAt(inspect, "Config", "Labels", label.app),
    ...optional("revision", labelOf(inspect, label.revision)),
    spec: labelOf(inspect, label.spec) ?? "",
    image: stringAt(inspect, "Config", "Image"),
    imageId: stringAt(inspect, "Image"),
    ...optional("imageText", labelOf(inspect, label.image)),
    status: stringAt(inspect, "State", "Status"),
    running: booleanAt(inspect, "State", "Running"),
    restarting: optionalBoolean(inspect, "State", "Restarting") ?? false,
    paused: optionalBoolean(inspect, "State", "Paused") ?? false,
    exitCode: numberAt(inspect, "State", "ExitCode"),
    oomKilled: optionalBoolean(inspect, "State", "OOMKilled") ?? false,
    restartCount: optionalNumber(inspect, "RestartCount") ?? 0,
    ...optional("error", optionalString(inspect, "State", "Error") || undefined),
    ...optional("health", health === "none" || health === "" ? undefined : health),
    createdAt: stringAt(inspect, "Created"),
    ...optional("startedAt", timeAt(inspect, "StartedAt")),
    ...optional("finishedAt", timeAt(inspect, "FinishedAt")),
    limits: readLimits(inspect),
    restart: optionalString(inspect, "HostConfig", "RestartPolicy", "Name") || "no",
    ...optional("stopTimeoutSeconds", optionalNumber(inspect, "Config", "StopTimeout")),
    networks: Object.keys(objectAt(inspect, "NetworkSettings", "Networks")).toSorted(),
    addresses: readAddresses(inspect),
    ...optional("served", parseServed(labelOf(inspect, label.served))),
    fields: ownFields(inspect),
  };
}

/** What was declared of a container of ours; of any other all. */
function ownFields(inspect: Json): Fields {
  const declared = readDeclared(inspect);
  const own = Object.entries(readFields(inspect)).filter(
    ([path]) => !inheritable(path) || declared === undefined || declared.has(path),
  );
  return Object.fromEntries(own);
}

/** All create-only fields, also those that came with the image. */
export function readFields(inspect: Json): Fields {
  return compact({
    command: some(stringsAt(inspect, "Config", "Cmd")),
    entrypoint: some(stringsAt(inspect, "Config", "Entrypoint")),
    user: optionalString(inspect, "Config", "User") || undefined,
    workingDir: optionalString(inspect, "Config", "WorkingDir") || undefined,
    hostname: optionalString(inspect, "Config", "Hostname") || undefined,
    ...readEnv(inspect),
    ...prefixed("labels", stringMapAt(inspect, "Config", "Labels")),
    ...Object.fromEntries(
      mountsOf(inspect).map(({ target, ...mount }) => [`mounts.${target}`, mount]),
    ),
    publish: some(publishField(readPorts(inspect))),
    ...readNetworks(inspect),
    "deploy.stopTimeout": optionalNumber(inspect, "Config", "StopTimeout"),
    stopSignal: optionalString(inspect, "Config", "StopSignal") || undefined,
    "resources.cpuset": optionalString(inspect, "HostConfig", "CpusetCpus") || undefined,
    init: optionalBoolean(inspect, "HostConfig", "Init"),
    readOnly: optionalBoolean(inspect, "HostConfig", "ReadonlyRootfs") || undefined,
    privileged: optionalBoolean(inspect, "HostConfig", "Privileged") || undefined,
    ...prefixed("tmpfs", stringMapAt(inspect, "HostConfig", "Tmpfs")),
    shmSize: optionalNumber(inspect, "HostConfig", "ShmSize"),
    ulimits: some(ulimitsField(readUlimits(inspect))),
    capAdd: some(capabilities(stringsAt(inspect, "HostConfig", "CapAdd"))),
    capDrop: some(capabilities(stringsAt(inspect, "HostConfig", "CapDrop"))),
    devices: some(devicesField(readDevices(inspect))),
    ...prefixed("sysctls", stringMapAt(inspect, "HostConfig", "Sysctls")),
    dns: some(stringsAt(inspect, "HostConfig", "Dns")),
    securityOpt: some(sorted(stringsAt(inspect, "HostConfig", "SecurityOpt"))),
    groupAdd: some(sorted(stringsAt(inspect, "HostConfig", "GroupAdd"))),
    ...readLogs(inspect),
  });
}

/** What holds a secret is taken for its fingerprint: nothing after this has the value. */
function readEnv(inspect: Json): Fields {
  const secrets = readStrings(labelOf(inspect, label.secrets));
  const all = stringsAt(inspect, "Config", "Env").map(splitEnv);
  return Object.fromEntries(
    all.map(([name, value]) => {
      const fingerprint = secrets.get(name);
      return [`env.${name}`, fingerprint === undefined ? value : { secret: fingerprint }];
    }),
  );
}

/** The members of a JSON object that are strings; none where it is something else. */
function readStrings(text: string | undefined): ReadonlyMap<string, string> {
  const value = text === undefined ? undefined : parsedJson(text);
  const members = isObject(value) ? Object.entries(value) : [];
  return new Map(
    members.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Undefined for a container that does not say: then nothing of it counts as declared by the image. */
export function readDeclared(inspect: Json): ReadonlySet<string> | undefined {
  const text = labelOf(inspect, label.declared);
  if (text === undefined) return undefined;
  try {
    const paths: unknown = JSON.parse(text);
    return Array.isArray(paths) ? new Set(paths.filter((p) => typeof p === "string")) : undefined;
  } catch {
    return undefined;
  }
}

const mountsOf = (inspect: Json) =>
  listAt(inspect, "HostConfig", "Mounts").map((mount) => ({
    type: optionalString(mount, "Type") ?? "",
    source: optionalString(mount, "Source") ?? "",
    target: optionalString(mount, "Target") ?? "",
    readOnly: optionalBoolean(mount, "ReadOnly") ?? false,
  }));

function readPorts(inspect: Json) {
  const bindings = Object.entries(objectAt(inspect, "HostConfig", "PortBindings"));
  return bindings.flatMap(([container, list]) => {
    const [port = "", protocol] = container.split("/");
    return listAt(list).map((binding) => ({
      hostIp: optionalString(binding, "HostIp") ?? "",
      hostPort: Number(optionalString(binding, "HostPort") ?? 0),
      containerPort: Number(port),
      protocol: protocol === "udp" ? ("udp" as const) : ("tcp" as const),
    }));
  });
}

/** The engine adds the short id to the aliases that were declared. */
function readNetworks(inspect: Json): Fields {
  const mode = optionalString(inspect, "HostConfig", "NetworkMode") ?? "";
  if (mode === "host") return networkFields("host");
  const id = stringAt(inspect, "Id");
  const hostname = optionalString(inspect, "Config", "Hostname");
  const attached = Object.keys(objectAt(inspect, "NetworkSettings", "Networks")).map((name) => ({
    name,
    aliases: stringsAt(inspect, "NetworkSettings", "Networks", name, "Aliases").filter(
      (alias) => alias !== id.slice(0, 12),
    ),
  }));
  const routeFirst = attached.toSorted((a, b) => Number(b.name === mode) - Number(a.name === mode));
  return networkFields(routeFirst, hostname);
}

function readAddresses(inspect: Json): LiveContainer["addresses"] {
  const networks = Object.entries(objectAt(inspect, "NetworkSettings", "Networks"));
  return Object.fromEntries(
    networks.flatMap(([name, network]) => {
      const address = optionalString(network, "IPAMConfig", "IPv4Address") || undefined;
      return address === undefined ? [] : [[name, address] as const];
    }),
  );
}

const readUlimits = (inspect: Json) =>
  listAt(inspect, "HostConfig", "Ulimits").map((limit) => ({
    name: optionalString(limit, "Name") ?? "",
    soft: optionalNumber(limit, "Soft") ?? 0,
    hard: optionalNumber(limit, "Hard") ?? 0,
  }));

const readDevices = (inspect: Json) =>
  listAt(inspect, "HostConfig", "Devices").map((device) => ({
    host: optionalString(device, "PathOnHost") ?? "",
    container: optionalString(device, "PathInContainer") ?? "",
    permissions: optionalString(device, "CgroupPermissions") ?? "",
  }));

function readLogs(inspect: Json): Readonly<Record<string, Json | undefined>> {
  const config = stringMapAt(inspect, "HostConfig", "LogConfig", "Config");
  const number = (text: string | undefined): Json | undefined =>
    text === undefined ? undefined : /^\d+$/.test(text) ? Number(text) : text;
  return {
    "logs.maxSize": number(config["max-size"]),
    "logs.maxFiles": number(config["max-file"]),
  };
}

function splitEnv(entry: string): [string, string] {
  const end = entry.indexOf("=");
  return end < 0 ? [entry, ""] : [entry.slice(0, end), entry.slice(end + 1)];
}

/** The engine's zero time is 'never'. */
function timeAt(inspect: Json, key: string): string | undefined {
  const text = optionalString(inspect, "State", key);
  return text === undefined || text === "" || text.startsWith("0001-") ? undefined : text;
}
