import {
  listAt,
  objectAt,
  optionalBoolean,
  optionalNumber,
  optionalString,
  shown,
  stringMapAt,
  stringsAt,
} from "../kinds/index.ts";
import { isObject, textOfJson, type Json } from "../lib/json.ts";
import type { Found } from "./found.ts";

/** What keeps a container from being an app: it could not be made again as it is. */
export function obstaclesOf(found: Found): readonly string[] {
  const { inspect } = found;
  const host = (key: string): Json | undefined => objectAt(inspect, "HostConfig")[key];
  const mode = optionalString(inspect, "HostConfig", "NetworkMode") ?? "";
  const said: readonly (readonly [boolean, string])[] = [
    [isOn(inspect, "AutoRemove"), "--rm: it is gone once it is stopped"],
    [mode === "none" || mode.startsWith("container:"), `--network ${mode}`],
    [isOn(inspect, "PublishAllPorts"), "-P: its ports are the engine's choice"],
    ...namespaces.map((key) => [isForeign(host(key)), `${key} ${textOfJson(host(key))}`] as const),
    [listAt(host("DeviceRequests")).length > 0, "--gpus, or other requests for devices"],
    [listAt(host("DeviceCgroupRules")).length > 0, "--device-cgroup-rule"],
    [listAt(host("Links")).length > 0, "--link"],
    ...portsOf(inspect).map(
      (port) => [!isOnePort(port), `-p with the port ${port || "0"}`] as const,
    ),
    ...mountsOf(inspect).map(
      ({ type, target }) =>
        [
          !["bind", "volume", "tmpfs"].includes(type),
          `a mount of type ${type} at ${target}`,
        ] as const,
    ),
    ...mountsOf(inspect).map(
      ({ source, target }) =>
        [target === "/etc/hosts" || /[:]/.test(source + target), `a mount at ${target}`] as const,
    ),
    ...foldersTwice(inspect),
    ...mountOptions(inspect),
    ...hidden(inspect),
    ...variables(inspect),
  ];
  return [...new Set(said.flatMap(([isThere, text]) => (isThere ? text : [])))];
}

const isOn = (inspect: Json, key: string): boolean =>
  optionalBoolean(inspect, "HostConfig", key) === true;

const namespaces = ["PidMode", "UTSMode", "UsernsMode", "IpcMode", "CgroupParent"] as const;

const isForeign = (value: Json | undefined): boolean =>
  typeof value === "string" && !["", "private", "shareable"].includes(value);

function portsOf(inspect: Json): readonly string[] {
  return Object.values(objectAt(inspect, "HostConfig", "PortBindings")).flatMap((list) =>
    listAt(list).map((binding) => optionalString(binding, "HostPort") ?? ""),
  );
}

const isOnePort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text);

const mountsOf = (inspect: Json) =>
  listAt(inspect, "Mounts").map((mount) => ({
    type: optionalString(mount, "Type") ?? "",
    source:
      optionalString(mount, "Type") === "volume" ? "" : (optionalString(mount, "Source") ?? ""),
    target: optionalString(mount, "Destination") ?? "",
  }));

/** An app's file has one place for each folder of the machine. */
function foldersTwice(inspect: Json): readonly (readonly [boolean, string])[] {
  const folders = Map.groupBy(
    mountsOf(inspect).filter(({ type }) => type === "bind"),
    ({ source }) => source,
  );
  return [...folders].map(([source, mounts]) => [
    mounts.length > 1,
    `the folder ${source} more than once, at ${mounts.map(({ target }) => target).join(" and ")}`,
  ]);
}

/** As they were asked for: where nobody did, the engine chooses a propagation by itself. */
function mountOptions(inspect: Json): readonly (readonly [boolean, string])[] {
  const isShared = (propagation: string): boolean => /^r?(?:shared|slave)$/.test(propagation);
  const binds = stringsAt(inspect, "HostConfig", "Binds").map((bind) => {
    const [, target = "", options = ""] = bind.split(":");
    return [target, options.split(",").find(isShared) ?? ""] as const;
  });
  const mounts = listAt(inspect, "HostConfig", "Mounts");
  const told = mounts.map((mount) => {
    const propagation = optionalString(mount, "BindOptions", "Propagation") ?? "";
    return [optionalString(mount, "Target") ?? "", propagation] as const;
  });
  const parts = mounts.map((mount) => {
    const part = optionalString(mount, "VolumeOptions", "Subpath") ?? "";
    const target = optionalString(mount, "Target") ?? "";
    return [part !== "", `a part of a volume, ${part}, at ${target}`] as const;
  });
  const shared = [...binds, ...told].map(
    ([target, propagation]) =>
      [isShared(propagation), `a mount that is ${propagation} at ${target}`] as const,
  );
  return [...shared, ...parts];
}

const secretInWord =
  /(?:pass(?:word|wd|phrase)?|secret|token|credential|api[-_]?key)[a-z]*(?:[=:\s]|$)/i;

/** What looks like a secret and can be told only in plain text. */
function hidden(inspect: Json): readonly (readonly [boolean, string])[] {
  const test = stringsAt(inspect, "Config", "Healthcheck", "Test");
  const words: Readonly<Record<string, readonly string[]>> = {
    command: stringsAt(inspect, "Config", "Cmd"),
    entrypoint: stringsAt(inspect, "Config", "Entrypoint"),
    "health check": test,
  };
  return Object.entries(words).map(([what, list]) => [
    list.some((word) => secretInWord.test(word) || shown("", word) !== word),
    `what looks like a secret in its ${what}: give it by a variable first`,
  ]);
}

const variables = (inspect: Json): readonly (readonly [boolean, string])[] =>
  stringsAt(inspect, "Config", "Env").map((entry) => {
    const name = entry.split("=", 1)[0] ?? "";
    return [!/^[A-Za-z_][A-Za-z0-9_.-]{0,254}$/.test(name), `a variable ${JSON.stringify(name)}`];
  });

/** What of a container is not declared: it keeps it until its next deploy, and no longer. */
export function notesOf(found: Found, unsaid: readonly string[]): readonly string[] {
  const { inspect } = found;
  const host = (key: string): Json | undefined => objectAt(inspect, "HostConfig")[key];
  const driver = optionalString(inspect, "HostConfig", "LogConfig", "Type") ?? "json-file";
  const retries = optionalNumber(inspect, "HostConfig", "RestartPolicy", "MaximumRetryCount") ?? 0;
  const networks = Object.entries(objectAt(inspect, "NetworkSettings", "Networks"))
    .filter(([name]) => name !== "bridge" && name !== "host")
    .map(([name, network]) => {
      const address = optionalString(network, "IPAMConfig", "IPv4Address");
      return `network ${name}${address ? ` (${address})` : ""}`;
    });
  const more = stringsAt(inspect, "HostConfig", "DnsSearch").length > 0 ? ["dns-search"] : [];
  const others = numbers.filter((key) => (optionalNumber(inspect, "HostConfig", key) ?? 0) > 0);
  return [
    ...(driver === "json-file" ? [] : [`log driver ${driver}`]),
    ...(retries > 0 ? [`restart on-failure:${retries}: without a limit`] : []),
    ...networks,
    ...more,
    ...(stringsAt(inspect, "HostConfig", "DnsOptions").length > 0 ? ["dns-option"] : []),
    ...(optionalBoolean(inspect, "Config", "Tty") === true ? ["--tty"] : []),
    ...(optionalBoolean(inspect, "Config", "OpenStdin") === true ? ["--interactive"] : []),
    ...(Object.keys(stringMapAt(host("StorageOpt"))).length > 0 ? ["--storage-opt"] : []),
    ...others,
    ...madeWith(inspect),
    ...(hasOwnHealth(found) ? ["its health check: only Slipway asks then"] : []),
    ...unsaid,
  ];
}

/** What an engine calls the runtime that it uses by itself. */
const usualRuntimes = ["", "runc", "io.containerd.runc.v2", "oci"];

function madeWith(inspect: Json): readonly string[] {
  const runtime = optionalString(inspect, "HostConfig", "Runtime") ?? "";
  const address = optionalString(inspect, "Config", "MacAddress") ?? "";
  const domain = optionalString(inspect, "Config", "Domainname") ?? "";
  const isOnHost = optionalString(inspect, "HostConfig", "NetworkMode") === "host";
  const scratch = listAt(inspect, "HostConfig", "Mounts").filter(
    (mount) => Object.keys(objectAt(mount, "TmpfsOptions")).length > 0,
  );
  return [
    ...(usualRuntimes.includes(runtime) ? [] : [`--runtime ${runtime}`]),
    ...(address === "" ? [] : [`--mac-address ${address}`]),
    // There its names are the machine's, whatever it was told.
    ...(domain === "" || isOnHost ? [] : [`--domainname ${domain}`]),
    ...scratch.map((mount) => `the options of tmpfs ${optionalString(mount, "Target") ?? ""}`),
  ];
}

const numbers = ["OomScoreAdj", "BlkioWeight", "CpuRealtimeRuntime", "MemorySwappiness"] as const;

/** It has another health check than its image. */
export function hasOwnHealth({ inspect, image }: Found): boolean {
  const own = objectAt(inspect, "Config")["Healthcheck"];
  const given = objectAt(image, "Config")["Healthcheck"];
  return isObject(own) && JSON.stringify(own) !== JSON.stringify(given ?? null);
}
