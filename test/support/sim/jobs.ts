import type { SimDisk } from "./disk.ts";

/** What systemd knows of a unit: kept on the disk, where a machine's tests can look. */
const known = (what: "active" | "enabled" | "read", unit: string): string =>
  `/run/systemd/${what}/${unit}`;

const units = "/etc/systemd/system";

/** Answers the question for a fleet's jobs, as its script would on a machine with systemd. */
export function listJobs(disk: SimDisk, [prefix = "", root = ""]: readonly string[]): string {
  const isOurs = (path: string): boolean =>
    path.startsWith(prefix) || new RegExp(`^${root}/jobs/[^/]+/run$`).test(path);
  const paths = [...disk.nodes.keys()].filter((path) => isOurs(path)).toSorted();
  const files = paths.map((path) => {
    const lines = (disk.read(path) ?? "").trimEnd().split("\n");
    return `file ${path}\n${lines.map((line) => `|${line}\n`).join("")}\n`;
  });
  const states = paths
    .filter((path) => path.startsWith(prefix))
    .map((path) => {
      const unit = path.slice(units.length + 1);
      const isStale = disk.read(known("read", unit)) !== disk.read(path);
      return [
        `Id=${unit}`,
        `ActiveState=${disk.exists(known("active", unit)) ? "active" : "inactive"}`,
        `UnitFileState=${disk.exists(known("enabled", unit)) ? "enabled" : "disabled"}`,
        `NeedDaemonReload=${isStale ? "yes" : "no"}`,
        "",
      ].join("\n");
    });
  return `systemd\nclient\n${files.join("")}${states.join("\n")}end\n`;
}

/** Does what a step tells systemd. Undefined: it is no such step. */
export function tellSystemd(
  disk: SimDisk,
  script: string,
  [timer = "", ...paths]: readonly string[],
): true | undefined {
  if (!script.includes("systemctl ")) return undefined;
  const isReload = script.includes("daemon-reload");
  if (script.includes("systemctl stop")) disk.remove(known("active", timer));
  if (script.includes("systemctl disable")) disk.remove(known("enabled", timer));
  if (script.includes("rm -f")) for (const path of paths) disk.remove(path);
  if (isReload)
    for (const path of disk.below(units))
      if (disk.read(path) !== undefined)
        disk.write(known("read", path.slice(units.length + 1)), disk.read(path) ?? "");
  if (script.includes("systemctl enable")) disk.write(known("enabled", timer), "");
  if (script.includes("systemctl start")) disk.write(known("active", timer), "");
  return true;
}
