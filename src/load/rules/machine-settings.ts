import { parsePackage } from "../../lib/package.ts";
import { checkTimezone, scheduleProblem } from "../times.ts";
import { oneOf } from "./one-of.ts";
import type { Rule } from "./repo.ts";

/** A file's content comes from one place. */
export const filesOfMachinesAreClear: Rule = ({ machines }, report) => {
  for (const { fields, at, lacks } of machines.values())
    for (const [path, file] of Object.entries(fields.files ?? {}))
      if (typeof file !== "string")
        oneOf(file, ["from", "secret"], ["files", path], { at, lacks, report });
};

/** What lies there is no file, is Slipway's, or is written by it for another key. */
export const filesOfMachinesAreTheirs: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values())
    for (const path of Object.keys(fields.files ?? {})) {
      const [, why] = taken.find(([pattern]) => pattern.test(path)) ?? [];
      if (why !== undefined) report("path-taken", at(["files", path]), `${path}: ${why}`);
    }
};

const taken: readonly (readonly [RegExp, string])[] = [
  [/^\/(?:proc|sys|dev)(?:\/|$)/, "what is there is the kernel's; its settings are `sysctl`"],
  [/^\/var\/lib\/slipway(?:\/|$)/, "what is there is Slipway's own"],
  [/^\/etc\/(?:[^/]+\/)*[^/]*slipway[^/]*$/, "a file of this name is Slipway's own"],
  [/^\/etc\/hosts$/, "Slipway writes the names of machines and apps into it"],
  [/^\/etc\/fstab$/, "disks are `mounts` and `swap`"],
  [/^\/etc\/(?:localtime|timezone)$/, "the time zone is `timezone`"],
  [/^\/etc\/g?shadow-?$|^\/etc\/(?:passwd|group)-?$/, "logins are `users`"],
];

/** What a disk would hide there the machine itself, or Slipway, cannot do without. */
export const mountsOfMachinesHideNothing: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values())
    for (const [path, { device, type, format }] of Object.entries(fields.mounts ?? {})) {
      const [, why] = hidden.find(([pattern]) => pattern.test(path)) ?? [];
      if (why !== undefined) report("path-taken", at(["mounts", path]), `${path}: ${why}`);
      if (format !== true) continue;
      if (!/^(?:ext4|xfs)$/.test(type))
        report(
          "not-formattable",
          at(["mounts", path, "type"]),
          `a blank device can be formatted with ext4 or xfs, not with ${type}`,
        );
      if (!device.startsWith("/dev/"))
        report(
          "not-formattable",
          at(["mounts", path, "device"]),
          `a blank device has no ${device.split("=")[0]} by which it could be found: name it /dev/disk/by-id/…`,
        );
    }
};

const hidden: readonly (readonly [RegExp, string])[] = [
  [/^\/(?:proc|sys|dev|run)(?:\/|$)/, "what is there is the kernel's, or of this boot only"],
  [/^\/var\/lib\/slipway(?:\/|$)/, "what is there is Slipway's own"],
  [
    /^\/(?:etc|bin|sbin|lib(?:32|64|x32)?|usr\/(?:bin|sbin|lib(?:32|64|x32)?))(?:\/|$)/,
    "the machine does not work without what is there",
  ],
  [
    /^\/(?:usr|boot|var|var\/(?:lib|lib\/(?:dpkg|apt|systemd)))$/,
    "the machine does not work without what is there; a folder below it can be a disk's, such as /var/lib/docker",
  ],
];

/** One package at one version. */
export const packagesOfMachinesDiffer: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values()) {
    const names = new Set<string>();
    for (const [index, text] of (fields.packages ?? []).entries()) {
      const { name } = parsePackage(text);
      if (names.has(name))
        report("duplicate-item", at(["packages", index]), `package ${name} is listed twice`);
      names.add(name);
    }
  }
};

export const timezonesExist: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values())
    if (fields.timezone !== undefined) checkTimezone(fields.timezone, at(["timezone"]), report);
};

export const rebootsHaveTimes: Rule = ({ machines }, report) => {
  for (const { fields, at } of machines.values()) {
    // What could not be read is no map here.
    const window: Partial<NonNullable<typeof fields.reboot>["window"]> =
      fields.reboot?.window ?? {};
    const { schedule, timezone = "UTC" } = window;
    checkTimezone(timezone, at(["reboot", "window", "timezone"]), report);
    const why = schedule === undefined ? undefined : scheduleProblem(schedule);
    if (why !== undefined) report("bad-schedule", at(["reboot", "window", "schedule"]), why);
  }
};
