import type { AppFields } from "../generated/app.ts";
import {
  handFields,
  optionalString,
  readLimits,
  shown,
  stringsAt,
  type Fields,
} from "../kinds/index.ts";
import { formatDuration } from "../lib/duration.ts";
import { familiarName, repositoryOf } from "../lib/image-name.ts";
import { isObject, textOfJson, type Json } from "../lib/json.ts";
import { formatSize } from "../lib/size.ts";
import type { Found } from "./found.ts";
import { hasOwnHealth } from "./obstacles.ts";

/** A container in the words of an app's file. */
export interface Said {
  readonly fields: AppFields;
  /** Variables that look like secrets, which are to be sealed. */
  readonly secrets: ReadonlyMap<string, string>;
  /** What could not be said. */
  readonly unsaid: readonly string[];
}

/** `volumeKey` names an engine volume within its app. */
export function say(found: Found, volumeKey: (engineName: string, path: string) => string): Said {
  const { inspect, image } = found;
  const fields = handFields(inspect, image);
  const env = Object.entries(below(fields, "env."));
  const isSecret = ([name, value]: readonly [string, Json]): boolean =>
    shown(`env.${name}`, value) !== value;
  const labels = Object.entries(below(fields, "labels."));
  const sayable = labels.filter(
    (label) => /^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$/.test(label[0]) && !isSecretLabel(label),
  );
  const plain = env.filter((entry) => !isSecret(entry));
  const secrets = env.filter(isSecret);
  return {
    secrets: new Map(secrets.map(([name, value]) => [name, textOfJson(value)])),
    unsaid: labels.filter((label) => !sayable.includes(label)).map(([name]) => `label ${name}`),
    fields: withoutEmpty({
      image: imageText(found),
      command: list(fields["command"]),
      entrypoint: list(fields["entrypoint"], true),
      env: record(plain),
      volumes: volumesOf(fields, volumeKey),
      publish: list(fields["publish"])?.map(publishText),
      resources: resourcesOf(inspect, fields),
      ...healthOf(found),
      restart: restartOf(inspect),
      deploy: stopOf(fields),
      logs: logsOf(fields),
      user: text(fields["user"]),
      workingDir: text(fields["workingDir"]),
      hostname: text(fields["hostname"]),
      init: typeof fields["init"] === "boolean" ? fields["init"] : undefined,
      readOnly: fields["readOnly"] === true ? true : undefined,
      privileged: fields["privileged"] === true ? true : undefined,
      tmpfs: Object.entries(below(fields, "tmpfs.")).map(([path, options]) =>
        options === "" ? path : `${path}:${textOfJson(options)}`,
      ),
      shmSize: typeof fields["shmSize"] === "number" ? formatSize(fields["shmSize"]) : undefined,
      ulimits: ulimitsOf(list(fields["ulimits"]) ?? []),
      capAdd: list(fields["capAdd"]),
      capDrop: list(fields["capDrop"]),
      devices: list(fields["devices"]),
      sysctls: record(Object.entries(below(fields, "sysctls."))),
      dns: list(fields["dns"]),
      extraHosts: extraHostsOf(inspect),
      securityOpt: list(fields["securityOpt"]),
      groupAdd: list(fields["groupAdd"]),
      labels: record(sayable),
      stopSignal: text(fields["stopSignal"]),
      network: fields["network"] === "host" ? "host" : undefined,
    }),
  };
}

const isSecretLabel = ([name, value]: readonly [string, Json]): boolean =>
  shown(`labels.${name}`, value) !== value;

/** By the digest that runs, where it came with one: a tag may mean something else by now. */
function imageText(found: Found): string {
  const { inspect, image } = found;
  const given = optionalString(inspect, "Config", "Image") ?? "";
  if (given.includes("@sha256:") || /^(?:sha256:)?[0-9a-f]{64}$/.test(given)) return given;
  const own = `${familiarName(repositoryOf(given))}@`;
  const digest = stringsAt(image, "RepoDigests").find((one) => one.startsWith(own));
  return digest === undefined ? given : `${given}${digest.slice(digest.indexOf("@"))}`;
}

const below = (fields: Fields, prefix: string): Fields =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([path, value]) =>
      path.startsWith(prefix) ? [[path.slice(prefix.length), value] as const] : [],
    ),
  );

const record = (entries: readonly (readonly [string, Json])[]): Readonly<Record<string, string>> =>
  Object.fromEntries(entries.map(([name, value]) => [name, textOfJson(value)]));

const list = (value: Json | undefined, keepsEmpty = false): readonly string[] | undefined =>
  Array.isArray(value) && (value.length > 0 || keepsEmpty) ? value.map(textOfJson) : undefined;

const text = (value: Json | undefined): string | undefined =>
  typeof value === "string" ? value : undefined;

function volumesOf(fields: Fields, volumeKey: (engineName: string, path: string) => string) {
  const mounts = Object.entries(below(fields, "mounts.")).flatMap(([path, mount]) => {
    if (!isObject(mount)) return [];
    const source = textOfJson(mount["source"]);
    const more = mount["readOnly"] === true ? { readOnly: true } : {};
    if (mount["type"] !== "volume")
      return [[source, mount["readOnly"] === true ? { path, ...more } : path] as const];
    return [[volumeKey(source, path), { path, name: source, ...more }] as const];
  });
  return Object.fromEntries(mounts);
}

/** `127.0.0.1:80:8080/tcp` → `local:80:8080` */
function publishText(binding: string): string {
  const [, address = "", ports = "", protocol] =
    /^(?:(.*):)?(\d+:\d+)\/(tcp|udp)$/.exec(binding) ?? [];
  const scope = address === "" ? "public" : address === "127.0.0.1" ? "local" : address;
  return `${scope}:${ports}${protocol === "udp" ? "/udp" : ""}`;
}

function resourcesOf(inspect: Json, fields: Fields) {
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, cpus, cpuShares, pids } =
    readLimits(inspect);
  const hasSwap =
    memorySwapBytes !== undefined &&
    memorySwapBytes > 0 &&
    memorySwapBytes !== (memoryBytes ?? 0) * 2;
  return withoutEmpty({
    memory: size(memoryBytes),
    memoryReservation: size(memoryReservationBytes),
    memorySwap: hasSwap ? size(memorySwapBytes) : undefined,
    cpus,
    cpuShares,
    cpuset: text(fields["resources.cpuset"]),
    pids,
  });
}

const size = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : formatSize(value);

/** `unless-stopped` is usual. */
function restartOf(inspect: Json): string | undefined {
  const policy = optionalString(inspect, "HostConfig", "RestartPolicy", "Name") || "no";
  return policy === "unless-stopped" ? undefined : policy;
}

function stopOf(fields: Fields) {
  const seconds = fields["deploy.stopTimeout"];
  return typeof seconds === "number" && seconds !== 10
    ? { stopTimeout: formatDuration(seconds * 1000) }
    : undefined;
}

function logsOf(fields: Fields) {
  const [bytes, files] = [fields["logs.maxSize"], fields["logs.maxFiles"]];
  return withoutEmpty({
    maxSize: typeof bytes === "number" ? formatSize(bytes) : undefined,
    maxFiles: typeof files === "number" ? files : undefined,
  });
}

function healthOf(found: Found): { readonly health?: Json } {
  if (!hasOwnHealth(found)) return {};
  const [kind, ...words] = stringsAt(found.inspect, "Config", "Healthcheck", "Test");
  if (kind === "CMD-SHELL") return { health: { command: ["sh", "-c", words.join(" ")] } };
  return kind === "CMD" ? { health: { command: words } } : {};
}

function ulimitsOf(texts: readonly string[]) {
  const limits = texts.map((one) => {
    const [, name = "", soft = "", hard = ""] = /^(.*)=(-?\d+):(-?\d+)$/.exec(one) ?? [];
    return [
      name,
      soft === hard ? Number(soft) : { soft: Number(soft), hard: Number(hard) },
    ] as const;
  });
  return Object.fromEntries(limits);
}

const extraHostsOf = (inspect: Json): Readonly<Record<string, string>> =>
  Object.fromEntries(
    stringsAt(inspect, "HostConfig", "ExtraHosts").map((entry) => {
      const at = entry.search(/[:=]/);
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );

/** Without what says nothing; an empty list says something only of an entrypoint. */
function withoutEmpty(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const said = Object.entries(members).filter(([key, value]) => {
    if (value === undefined) return false;
    if (Array.isArray(value)) return value.length > 0 || key === "entrypoint";
    return typeof value !== "object" || value === null || Object.keys(value).length > 0;
  });
  return Object.fromEntries(said);
}
