import { digestOf } from "../../../lib/hash.ts";
import { canonicalJson, type Json } from "../../../lib/json.ts";
import type { Served } from "../../../model/served.ts";
import type { ContainerSpec, Mount, PortBinding } from "./spec.ts";

/**
 * The create-only fields of a container in one flat form, for what is declared and for what is live alike:
 * `env.LOG_LEVEL`, `command`, `mounts./data`. What is empty is left out.
 */
export type Fields = Readonly<Record<string, Json>>;

export function fieldsOf(spec: ContainerSpec): Fields {
  return compact({
    command: some(spec.command),
    entrypoint: spec.entrypoint,
    user: spec.user,
    workingDir: spec.workingDir,
    hostname: spec.hostname,
    ...prefixed("env", spec.env),
    ...secretFields(spec.secretEnv),
    ...prefixed("labels", spec.labels),
    ...mountFields(spec.mounts),
    publish: some(publishField(spec.ports)),
    ...(spec.isServedAnew === true ? servedFields(spec.served) : {}),
    ...networkFields(spec.networks, spec.hostname),
    "deploy.stopTimeout": spec.stopTimeoutSeconds,
    stopSignal: spec.stopSignal,
    "resources.cpuset": spec.limits.cpuset,
    init: spec.init,
    readOnly: spec.readOnly || undefined,
    privileged: spec.privileged || undefined,
    ...prefixed("tmpfs", spec.tmpfs ?? {}),
    shmSize: spec.shmSizeBytes,
    ulimits: some(ulimitsField(spec.ulimits ?? [])),
    capAdd: some(capabilities(spec.capAdd ?? [])),
    capDrop: some(capabilities(spec.capDrop ?? [])),
    devices: some(devicesField(spec.devices ?? [])),
    ...prefixed("sysctls", spec.sysctls ?? {}),
    dns: some(spec.dns),
    securityOpt: some(sorted(spec.securityOpt ?? [])),
    groupAdd: some(sorted(spec.groupAdd ?? [])),
    "logs.maxSize": spec.logs.maxSizeBytes,
    "logs.maxFiles": spec.logs.maxFiles,
  });
}

/** As its app file has it: `port`, `port.ssh`, `health.http`. */
export const servedFields = (served: readonly Served[] = []): Fields =>
  Object.fromEntries(
    served.flatMap(({ name, port, path }) => {
      const part = name === "" ? "" : `.${name}`;
      const asked: readonly (readonly [string, Json])[] =
        path === undefined ? [] : [[`health.http${part}`, path]];
      return [[`port${part}`, port] as const, ...asked];
    }),
  );

/** Fields that a container has from its image or the engine where none was declared. */
export const inheritable = (path: string): boolean =>
  !/^(mounts|networks|logs|deploy|resources|tmpfs|sysctls|port|health)\.|^(network|publish|port)$/.test(
    path,
  );

/** An image by what it is, whatever repository it was pulled from. */
export const imageDigest = (reference: string): string =>
  reference.slice(reference.indexOf("@") + 1);

/** Digest of all that only a new container can change: its create-only fields and its image. */
export const specDigest = (spec: ContainerSpec): string =>
  digestOf({ image: imageDigest(spec.image), fields: fieldsOf(spec) });

/** Leaves out what is undefined. An empty `entrypoint` says something: it clears the image's. */
export function compact(fields: Readonly<Record<string, Json | undefined>>): Fields {
  const known = Object.entries(fields).filter(
    (entry): entry is [string, Json] => entry[1] !== undefined,
  );
  return Object.fromEntries(known);
}

/** Undefined instead of an empty list. */
export const some = <T>(list: readonly T[] | undefined): readonly T[] | undefined =>
  list === undefined || list.length === 0 ? undefined : list;

export const prefixed = (
  prefix: string,
  members: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(members).map(([key, value]) => [`${prefix}.${key}`, value]));

/** A secret is compared by its fingerprint, and shown by its name. */
const secretFields = (secretEnv: ContainerSpec["secretEnv"] = {}): Fields =>
  Object.fromEntries(
    Object.entries(secretEnv).map(([name, { fingerprint }]) => [
      `env.${name}`,
      { secret: fingerprint },
    ]),
  );

const mountFields = (mounts: readonly Mount[]): Fields =>
  Object.fromEntries(
    mounts.map(({ type, source, target, readOnly }) => [
      `mounts.${target}`,
      { type, source, readOnly },
    ]),
  );

/** The first network is the default route. The host name is an alias on each, declared or not. */
export function networkFields(networks: ContainerSpec["networks"], hostname?: string): Fields {
  if (networks === "host") return { network: "host" };
  const attached = networks.map(({ name, aliases }) => [
    `networks.${name}`,
    sorted([...new Set(aliases)].filter((alias) => alias !== hostname)),
  ]);
  const [first] = networks;
  return {
    ...(first === undefined ? {} : { network: first.name }),
    ...Object.fromEntries(attached),
  };
}

export const publishField = (ports: readonly PortBinding[]): readonly string[] =>
  sorted(
    ports.map(({ hostIp, hostPort, containerPort, protocol }) => {
      const host = hostIp.includes(":") ? `[${hostIp}]` : hostIp;
      return `${host === "" ? "" : `${host}:`}${hostPort}:${containerPort}/${protocol}`;
    }),
  );

export type PublishedPort = Omit<PortBinding, "containerPort">;

/** The host's side of a `publish` field. */
export function publishedPorts(fields: Fields): readonly PublishedPort[] {
  const { publish } = fields;
  const texts = Array.isArray(publish) ? publish.filter((p) => typeof p === "string") : [];
  return texts.flatMap((text) => {
    const [, address = "", port, protocol] = /^(?:(.*):)?(\d+):\d+\/(tcp|udp)$/.exec(text) ?? [];
    if (port === undefined) return [];
    const hostIp = address.replace(/^\[|\]$/g, "");
    return [{ hostIp, hostPort: Number(port), protocol: protocol === "udp" ? "udp" : "tcp" }];
  });
}

export const ulimitsField = (
  ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[],
): readonly string[] => sorted(ulimits.map((u) => `${u.name}=${u.soft}:${u.hard}`));

export const devicesField = (devices: NonNullable<ContainerSpec["devices"]>): readonly string[] =>
  sorted(devices.map((d) => `${d.host}:${d.container}:${d.permissions}`));

export const capabilities = (names: readonly string[]): readonly string[] =>
  sorted([...new Set(names.map((name) => name.toUpperCase().replace(/^CAP_/, "")))]);

export const sorted = <T extends Json>(values: readonly T[]): readonly T[] =>
  values.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
