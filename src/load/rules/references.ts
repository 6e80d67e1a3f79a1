import { didYouMean } from "../../lib/suggest.ts";
import { variantsOf } from "../expand.ts";
import { cyclesOf } from "./cycles.ts";
import { placeOf, type Rule } from "./repo.ts";

export const aftersExist: Rule = ({ apps, familyNames }, report) => {
  const familyOf = new Map(apps.map((app) => [app.name, app.family]));
  for (const app of apps) {
    for (const [i, name] of (app.fields.after ?? []).entries()) {
      if (familyNames.has(name)) continue;
      const family = familyOf.get(name);
      report("unknown-after", app.at(["after", i]), () =>
        family === undefined
          ? `there is no app '${name}'${didYouMean(name, familyNames)}`
          : `'${name}' is a service; after takes the app's name: ${family}`,
      );
    }
  }
};

export const aftersEnd: Rule = ({ families, apps }, report) => {
  const edges = new Map([...families.keys()].map((name): [string, string[]] => [name, []]));
  for (const app of apps) edges.get(app.family)?.push(...(app.fields.after ?? []));
  for (const cycle of cyclesOf(edges)) {
    const [first = "", second = first] = cycle;
    const member = apps.find(
      (app) => app.family === first && app.fields.after?.includes(second) === true,
    );
    if (member === undefined) continue;
    const where = member.at(["after", member.fields.after?.indexOf(second) ?? 0]);
    const text =
      cycle.length === 1
        ? `'${first}' waits for itself`
        : `these wait for each other: ${[...cycle, first].join(" → ")}`;
    report("after-cycle", where, text);
  }
};

export const perMachinesAreUsed: Rule = ({ families, apps, machines, machineNames }, report) => {
  const complete = machines.size === machineNames.size;
  for (const family of families.values()) {
    const members = apps.filter((app) => app.family === family.name);
    for (const machine of Object.keys(family.file.perMachine ?? {})) {
      const where = family.at(["perMachine", machine]);
      if (!machineNames.has(machine)) {
        report(
          "unknown-per-machine",
          where,
          () => `there is no machine '${machine}'${didYouMean(machine, machineNames)}`,
        );
      } else if (
        complete &&
        members.every((app) => app.machines.length > 0 && !app.machines.includes(machine))
      ) {
        report("unused-per-machine", where, `app '${family.name}' does not run on '${machine}'`);
      }
    }
  }
};

const ofWholeApp = ["machines", "after", "release", "renamedFrom"] as const;

export const wholeAppKeysStandOnce: Rule = ({ families }, report) => {
  for (const family of families.values()) {
    for (const [machine, fields] of Object.entries(family.file.perMachine ?? {})) {
      for (const key of ofWholeApp) {
        if (fields[key] === undefined) continue;
        report(
          "not-per-machine",
          family.at(["perMachine", machine, key]),
          `'${key}' is of the whole app; it cannot differ on one machine`,
        );
      }
    }
    for (const [service, fields] of Object.entries(family.file.services ?? {})) {
      if (fields.renamedFrom === undefined) continue;
      report(
        "not-per-service",
        family.at(["services", service, "renamedFrom"]),
        "'renamedFrom' is of the whole app; put it beside services",
      );
    }
  }
};

export const renamedFromIsGone: Rule = ({ families, familyNames }, report) => {
  const first = new Map<string, string>();
  for (const { name, file, at } of families.values()) {
    if (file.renamedFrom === undefined) continue;
    const where = at(["renamedFrom"]);
    if (familyNames.has(file.renamedFrom)) {
      const text =
        file.renamedFrom === name
          ? "an app cannot be renamed from itself"
          : `app '${file.renamedFrom}' is still there`;
      report("renamed-from-declared", where, text);
    }
    const other = first.get(file.renamedFrom);
    if (other !== undefined)
      report(
        "renamed-from-declared",
        where,
        `app '${other}' is renamed from '${file.renamedFrom}' as well`,
      );
    first.set(file.renamedFrom, name);
  }
};

/** A release runs once for all services, so there can be only one. */
export const releasesAgree: Rule = ({ families }, report) => {
  for (const family of families.values()) {
    const [first, ...others] = family.members.filter(
      (member) => member.fields.release !== undefined,
    );
    for (const other of others) {
      if (JSON.stringify(other.fields.release) === JSON.stringify(first?.fields.release)) continue;
      const place = first === undefined ? "" : ` (${placeOf(first.at(["release"]))})`;
      report(
        "releases-differ",
        other.at(["release"]),
        `app '${family.name}' has another release already${place}; it runs once for all services`,
      );
    }
  }
};

export const ownNamesAreFree: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      for (const key of Object.keys(fields.env ?? {})) {
        if (/^SLIPWAY_(MACHINE|APP|INSTANCE)$/.test(key))
          report("reserved-name", at(["env", key]), `${key} is set by Slipway`);
      }
      for (const key of Object.keys(fields.labels ?? {})) {
        if (key.startsWith("slipway."))
          report(
            "reserved-name",
            at(["labels", key]),
            `labels that start with 'slipway.' are Slipway's own`,
          );
      }
    }
  }
};
