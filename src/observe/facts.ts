import { isObject, type Json } from "../lib/json.ts";
import { Unreadable } from "../model/live.ts";
import { machinePaths } from "../model/paths.ts";
import type { Answers, EngineQuery, ReadQuery, RunQuery } from "../model/query.ts";
import type { Facts } from "../model/resource.ts";
import { isRebootNeeded } from "../lib/kernels.ts";

/**
 * One `name=value` a line, by coreutils or busybox. The shell reads by itself what it can: processes are what this costs.
 * The disk is the one of the engine's data.
 */
const factsScript = `
say() { printf '%s=%s\\n' "$1" "$2"; }
os=
[ ! -r /etc/os-release ] || while IFS= read -r line; do
  case $line in PRETTY_NAME=*) os=\${line#*=} ;; esac
done </etc/os-release
os=\${os#[\\"\\']}
say os "\${os%[\\"\\']}"
read -r kernel </proc/sys/kernel/osrelease && say kernel "$kernel"
if [ -r /proc/sys/kernel/arch ]; then read -r arch </proc/sys/kernel/arch; else arch=$(uname -m); fi
say arch "$arch"
read -r id </proc/sys/kernel/random/boot_id && say bootId "$id"
[ ! -r /etc/machine-id ] || { read -r id </etc/machine-id && say machineId "$id"; }
now=$(date +%s%3N)
case $now in *[!0-9]*) now=$(date +%s)000 ;; esac
say clock "$now"
read -r up rest </proc/uptime && say uptime "$up"
read -r load rest </proc/loadavg && say load "$load"
available=
while read -r name size rest; do
  case $name in
    MemTotal:) say memoryTotal "$size" ;;
    MemFree:) free=$size ;;
    MemAvailable:) available=$size; break ;;
  esac
done </proc/meminfo
say memoryAvailable "\${available:-$free}"
disk=
[ ! -r /etc/docker/daemon.json ] || while IFS= read -r line; do
  case $line in *'"data-root"'*) disk=\${line#*'"data-root"'} disk=\${disk#*\\"} disk=\${disk%%\\"*} ;; esac
done </etc/docker/daemon.json
for folder in "$disk" /var/lib/docker /var/lib/containers /var/lib /; do [ ! -d "$folder" ] || break; done
say engineFolder "$folder"
set -- $(stat -f -c '%S %b %a %c %d' -- "$folder" 2>/dev/null)
[ $# -eq 5 ] || { set -- $(LC_ALL=C df -Pk "$folder"); shift 7; set -- 1024 "$2" "$4" 0 0; }
say diskTotal "$(($1 * $2 / 1024))"
say diskAvailable "$(($1 * $3 / 1024))"
say inodesTotal "$4"
say inodesAvailable "$5"
[ ! -e /run/reboot-required ] || say reboot asked
kernels=
for file in /boot/vmlinuz-*; do kernels="$kernels \${file#/boot/vmlinuz-}"; done
say kernels "$kernels"
routes=
[ ! -r /proc/net/route ] || while read -r link net gateway flags count use metric mask rest; do
  routes="$routes $net/$mask"
done </proc/net/route
say routes "$routes"
`;

const kernelLimit = 100;

export const factsQuery: RunQuery = { ask: "run", argv: ["sh", "-c", factsScript] };
export const infoQuery: EngineQuery = { ask: "engine", path: "/info" };
export const keyQuery = (fleet: string): ReadQuery => ({
  ask: "read",
  path: machinePaths(fleet).key,
  maxBytes: 1000,
});

/** Throws Unreadable when the machine did not say. The engine may be silent: then only what it says is missing. */
export function readFacts(machine: string, fleet: string, answers: Answers): Facts {
  const said = new Map<string, string>();
  for (const line of (answers.text(factsQuery) ?? "").split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) said.set(line.slice(0, at), line.slice(at + 1));
  }
  const text = (name: string): string => said.get(name) ?? "";
  const number = (name: string): number => {
    const value = Number(text(name) || "NaN");
    if (!Number.isFinite(value)) throw new Unreadable(`it does not tell its ${name}`);
    return value;
  };
  // Absent is something else than unreadable: a new key would look as if everything had changed.
  const key = answers.text(keyQuery(fleet))?.trim();
  const kernels = text("kernels").split(" ").slice(0, kernelLimit);
  const isDue = isRebootNeeded(said.has("reboot"), text("kernel"), kernels);
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
    clockMs: number("clock"),
    uptimeSeconds: number("uptime"),
    load1: number("load"),
    memoryTotalBytes: number("memoryTotal") * 1024,
    memoryAvailableBytes: number("memoryAvailable") * 1024,
    diskTotalBytes: number("diskTotal") * 1024,
    diskAvailableBytes: number("diskAvailable") * 1024,
    ...inodesIn(said),
    ...(isDue === undefined ? {} : { isRebootNeeded: isDue }),
    engineFolder: text("engineFolder"),
    routes: routesOf(text("routes")),
    ...engineFacts(answers),
  };
}

/** A file system that makes them as it goes says that it has none. */
function inodesIn(
  said: ReadonlyMap<string, string>,
): Pick<Facts, "inodesTotal" | "inodesAvailable"> {
  const inodesTotal = Number(said.get("inodesTotal"));
  const inodesAvailable = Number(said.get("inodesAvailable"));
  return inodesTotal > 0 && inodesAvailable >= 0 ? { inodesTotal, inodesAvailable } : {};
}

/** As /proc/net/route has them: hex, the last byte first; the default route meets everything and says nothing. */
const routesOf = (text: string): readonly string[] =>
  text.split(" ").flatMap((route) => {
    const [, net, mask] = /^([0-9A-F]{8})\/([0-9A-F]{8})$/i.exec(route) ?? [];
    if (net === undefined || mask === undefined) return [];
    const bits = Number.parseInt(mask, 16).toString(2).replaceAll("0", "").length;
    const bytes = (net.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
    return bits === 0 ? [] : `${bytes.toReversed().join(".")}/${bits}`;
  });

function engineFacts(answers: Answers): Pick<Facts, "engineVersion" | "addressPools"> {
  try {
    const info = answers.json(infoQuery);
    if (!isObject(info)) return {};
    const { ServerVersion: version, DefaultAddressPools: pools } = info;
    return {
      ...(typeof version === "string" ? { engineVersion: version } : {}),
      addressPools: (Array.isArray(pools) ? pools : []).flatMap((pool: Json) => {
        if (!isObject(pool)) return [];
        const { Base: base, Size: size } = pool;
        return typeof base === "string" && typeof size === "number" ? { base, size } : [];
      }),
    };
  } catch (error) {
    if (error instanceof Unreadable) return {};
    throw error;
  }
}
