import { Unreadable } from "../model/live.ts";
import type { Answers, EngineQuery, ReadQuery, RunQuery } from "../model/query.ts";
import type { Facts } from "../model/resource.ts";
import { machinePaths } from "../model/paths.ts";
import { isObject } from "../lib/json.ts";

/** One `name=value` a line; with coreutils and with busybox. Disk: what the engine's data lies on. */
const factsScript = `
echo "os=$(. /etc/os-release 2>/dev/null && printf %s "$PRETTY_NAME")"
echo "kernel=$(uname -r)"
echo "arch=$(uname -m)"
echo "bootId=$(cat /proc/sys/kernel/random/boot_id)"
echo "machineId=$(cat /etc/machine-id 2>/dev/null)"
echo "clock=$(date +%s)"
echo "uptime=$(cut -d' ' -f1 /proc/uptime)"
echo "load=$(cut -d' ' -f1 /proc/loadavg)"
echo "memory=$(awk '/^MemTotal:/ {t=$2} /^MemAvailable:/ {a=$2} END {print t, a}' /proc/meminfo)"
disk=/var/lib/docker
[ -d "$disk" ] || disk=/var/lib
echo "disk=$(df -Pk "$disk" | awk 'NR==2 {print $2, $4}')"
`;

export const factsQuery: RunQuery = { ask: "run", argv: ["sh", "-c", factsScript] };
export const versionQuery: EngineQuery = { ask: "engine", path: "/version" };
export const keyQuery = (fleet: string): ReadQuery => ({
  ask: "read",
  path: machinePaths(fleet).key,
  maxBytes: 1_000,
});

/** Throws Unreadable when the machine did not say. The engine may be silent: then only its version is missing. */
export function readFacts(machine: string, fleet: string, answers: Answers): Facts {
  const said = new Map<string, string>();
  for (const line of (answers.text(factsQuery) ?? "").split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) said.set(line.slice(0, at), line.slice(at + 1));
  }
  const text = (name: string): string => said.get(name) ?? "";
  const number = (name: string, index = 0): number => {
    const value = Number(text(name).split(" ")[index] || "NaN");
    if (!Number.isFinite(value)) throw new Unreadable(`${machine} does not tell its ${name}`);
    return value;
  };
  const key = answers.text(keyQuery(fleet))?.trim();
  const engineVersion = versionOf(answers);
  return {
    machine,
    fleet,
    root: machinePaths(fleet).root,
    ...(key === undefined || key === "" ? {} : { key }),
    os: text("os"),
    kernel: text("kernel"),
    arch: text("arch"),
    bootId: text("bootId"),
    machineId: text("machineId"),
    clockMs: number("clock") * 1_000,
    uptimeSeconds: number("uptime"),
    load1: number("load"),
    memoryTotalBytes: number("memory") * 1024,
    memoryAvailableBytes: number("memory", 1) * 1024,
    diskTotalBytes: number("disk") * 1024,
    diskAvailableBytes: number("disk", 1) * 1024,
    ...(engineVersion === undefined ? {} : { engineVersion }),
  };
}

function versionOf(answers: Answers): string | undefined {
  try {
    const version = answers.json(versionQuery);
    const text = isObject(version) ? version["Version"] : undefined;
    return typeof text === "string" ? text : undefined;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}
