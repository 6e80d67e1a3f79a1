import { servedText } from "../../../model/served.ts";
import type { EngineStep } from "../../../model/step.ts";
import { label, labels } from "../labels.ts";
import { optional } from "../optional.ts";
import { capabilities, fieldsOf, inheritable, specDigest } from "./fields.ts";
import { limitsBody } from "./limits.ts";
import type { Attachment, ContainerSpec } from "./spec.ts";

/** How one container of a spec is made: an instance, or a run of its release command. */
export interface Making {
  readonly restart: ContainerSpec["restart"];
  readonly labels: Readonly<Record<string, string>>;
}

/** The body of the engine's container create request. */
export function createBody(spec: ContainerSpec, making: Making) {
  const ports = spec.networks === "host" ? [] : spec.ports;
  const [first] = spec.networks === "host" ? [] : spec.networks;
  return {
    Image: spec.image,
    ...optional("Cmd", spec.command),
    ...optional("Entrypoint", spec.entrypoint),
    ...optional("User", spec.user),
    ...optional("WorkingDir", spec.workingDir),
    ...optional("Hostname", spec.hostname),
    Env: Object.entries(spec.env)
      .map(([key, value]) => `${key}=${value}`)
      .toSorted(),
    Labels: { ...spec.labels, ...originLabels(spec), ...making.labels },
    ExposedPorts: Object.fromEntries(ports.map((p) => [`${p.containerPort}/${p.protocol}`, {}])),
    StopTimeout: spec.stopTimeoutSeconds,
    ...optional("StopSignal", spec.stopSignal),
    HostConfig: {
      ...hostConfig(spec),
      ...limitsBody(spec.limits),
      ...optional("CpusetCpus", spec.limits.cpuset),
      RestartPolicy: { Name: making.restart },
      NetworkMode: spec.networks === "host" ? "host" : (first?.name ?? "bridge"),
      PortBindings: portBindings(ports),
    },
    ...(first === undefined
      ? {}
      : {
          NetworkingConfig: {
            EndpointsConfig: { [first.name]: endpointOf(spec, first) },
          },
        }),
  };
}

function hostConfig(spec: ContainerSpec) {
  return {
    Mounts: spec.mounts.map(({ type, source, target, readOnly }) => ({
      Type: type,
      Source: source,
      Target: target,
      ReadOnly: readOnly,
    })),
    LogConfig: {
      Type: "json-file" as const,
      Config: {
        "max-size": String(spec.logs.maxSizeBytes),
        "max-file": String(spec.logs.maxFiles),
      },
    },
    ...optional("Init", spec.init),
    ...optional("ReadonlyRootfs", spec.readOnly),
    ...optional("Privileged", spec.privileged),
    ...optional("Tmpfs", spec.tmpfs),
    ...optional("ShmSize", spec.shmSizeBytes),
    ...optional("Sysctls", spec.sysctls),
    ...optional("Dns", spec.dns),
    ...optional("SecurityOpt", spec.securityOpt),
    ...optional("GroupAdd", spec.groupAdd),
    CapAdd: capabilities(spec.capAdd ?? []),
    CapDrop: capabilities(spec.capDrop ?? []),
    Ulimits: (spec.ulimits ?? []).map(({ name, soft, hard }) => ({
      Name: name,
      Soft: soft,
      Hard: hard,
    })),
    Devices: (spec.devices ?? []).map((d) => ({
      PathOnHost: d.host,
      PathInContainer: d.container,
      CgroupPermissions: d.permissions,
    })),
  };
}

/** A declared host name resolves for others on the network, as an undeclared one does. */
export const endpointOf = (spec: ContainerSpec, { aliases, address }: Attachment) => ({
  Aliases: [...new Set([...aliases, ...(spec.hostname === undefined ? [] : [spec.hostname])])],
  ...optional("IPAMConfig", address === undefined ? undefined : { IPv4Address: address }),
});

function portBindings(ports: ContainerSpec["ports"]) {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { hostIp, hostPort, containerPort, protocol } of ports) {
    const list = (bindings[`${containerPort}/${protocol}`] ??= []);
    list.push({ HostIp: hostIp, HostPort: String(hostPort) });
  }
  return bindings;
}

const secretsText = (secretEnv: ContainerSpec["secretEnv"]): string | undefined =>
  secretEnv &&
  JSON.stringify(
    Object.fromEntries(
      Object.entries(secretEnv).map(([name, { fingerprint }]) => [name, fingerprint]),
    ),
  );

/** What joins the body when it is sent. */
export const secretTexts = (spec: ContainerSpec): EngineStep["secretEnv"] =>
  spec.secretEnv &&
  Object.fromEntries(Object.entries(spec.secretEnv).map(([name, { text }]) => [name, text]));

export const originLabels = (spec: ContainerSpec): Readonly<Record<string, string>> =>
  labels({
    [label.fleet]: spec.fleet,
    [label.app]: spec.app,
    [label.family]: spec.family,
    [label.revision]: spec.revision,
    [label.image]: spec.imageText,
    [label.spec]: specDigest(spec),
    [label.served]: spec.served.length === 0 ? undefined : servedText(spec.served),
    [label.secrets]: secretsText(spec.secretEnv),
    [label.declared]: JSON.stringify(Object.keys(fieldsOf(spec)).filter(inheritable).toSorted()),
  });
