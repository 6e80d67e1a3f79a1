import { secretItemsOf } from "../../lib/secret-items.ts";
import { didYouMean } from "../../lib/suggest.ts";
import { variantsOf } from "../expand.ts";
import { cyclesOf } from "./cycles.ts";
import { appsByFamily, type Rule } from "./repo.ts";

export const aftersExist: Rule = ({ apps, families, unlisted }, report) => {
  if (unlisted.apps) return;
  const familyOf = new Map(apps.map((app) => [app.name, app.family]));
  for (const app of apps) {
    for (const [i, name] of (app.fields.after ?? []).entries()) {
      if (families.has(name)) continue;
      const family = familyOf.get(name);
      report("unknown-after", app.at(["after", i]), () =>
        family === undefined
          ? `there is no app '${name}'${didYouMean(name, families.keys())}`
          : `'${name}' is a service; after takes the app's name: ${family}`,
      );
    }
  }
};

export const aftersEnd: Rule = ({ families, apps }, report) => {
  const edges = new Map([...families.keys()].map((name): [string, string[]] => [name, []]));
  for (const app of apps) edges.get(app.family)?.push(...(app.fields.after ?? []));
  const byFamily = appsByFamily(apps);
  for (const cycle of cyclesOf(edges)) {
    const [first = "", second = first] = cycle;
    const member = byFamily
      .get(first)
      ?.find(({ fields }) => fields.after?.includes(second) === true);
    if (member === undefined) continue;
    const where = member.at(["after", member.fields.after?.indexOf(second) ?? 0]);
    const text =
      cycle.length === 1
        ? `'${first}' waits for itself`
        : `these wait for each other: ${[...cycle, first].join(" → ")}`;
    report("after-cycle", where, text);
  }
};

export const perMachinesAreUsed: Rule = ({ families, apps, machines, unlisted }, report) => {
  const byFamily = appsByFamily(apps);
  for (const family of families.values()) {
    const members = byFamily.get(family.name) ?? [];
    for (const machine of family.keys(["perMachine"])) {
      const where = family.at(["perMachine", machine]);
      if (!machines.has(machine)) {
        if (unlisted.machines) continue;
        report(
          "unknown-per-machine",
          where,
          () => `there is no machine '${machine}'${didYouMean(machine, machines.keys())}`,
        );
      } else if (
        family.complete &&
        members.every((app) => app.machinesKnown && !app.machines.includes(machine))
      ) {
        report("unused-per-machine", where, `app '${family.name}' does not run on '${machine}'`);
      }
    }
  }
};

const ofWholeApp = ["machines", "after", "release", "renamedFrom"] as const;

export const wholeAppKeysStandOnce: Rule = ({ families }, report) => {
  for (const family of families.values()) {
    for (const machine of family.keys(["perMachine"])) {
      const keys = family.keys(["perMachine", machine]);
      const unset = (key: string): boolean =>
        family.members.some((app) => !app.lacks([key]) && app.on.get(machine)?.lacks([key]));
      for (const key of ofWholeApp) {
        if (!keys.includes(key) && !unset(key)) continue;
        report(
          "not-per-machine",
          family.at(["perMachine", machine, key]),
          `'${key}' is of the whole app; it cannot differ on one machine`,
        );
      }
    }
    for (const service of family.keys(["services"])) {
      if (!family.keys(["services", service]).includes("renamedFrom")) continue;
      report(
        "not-per-service",
        family.at(["services", service, "renamedFrom"]),
        "'renamedFrom' is of the whole app; put it beside services",
      );
    }
  }
};

export const renamedFromIsGone: Rule = ({ families, apps }, report) => {
  const first = new Map<string, string>();
  const serviceNames = new Set(apps.map((app) => app.name));
  for (const { name, fields, at } of families.values()) {
    const { renamedFrom } = fields;
    if (renamedFrom === undefined) continue;
    const where = at(["renamedFrom"]);
    const former = families.get(renamedFrom);
    const isThere = former === undefined ? serviceNames.has(renamedFrom) : former.guessed !== true;
    if (isThere) {
      const text =
        renamedFrom === name
          ? "an app cannot be renamed from itself"
          : `app '${renamedFrom}' is still there`;
      report("renamed-from-declared", where, text);
    }
    const other = first.get(renamedFrom);
    if (other !== undefined)
      report(
        "renamed-from-declared",
        where,
        `app '${other}' is renamed from '${renamedFrom}' as well`,
      );
    first.set(renamedFrom, name);
  }
};

/** A release beside services runs in the file's image, or in the one that all its heirs have. */
export const releasesHaveAnImage: Rule = ({ families }, report) => {
  for (const family of families.values()) {
    if (!family.complete || family.fields.release === undefined) continue;
    const services = family.members.flatMap((app) => (app.service === undefined ? [] : app));
    const heirs = services.filter(({ service = "", leavesRelease, lacks }) => {
      const isOwn = family.keys(["services", service]).includes("release");
      return leavesRelease !== true && !isOwn && !lacks(["release"]);
    });
    const images = new Set(heirs.flatMap(({ fields }) => fields.image ?? []));
    const why =
      images.size > 1
        ? `app '${family.name}' has no image beside it, and its services have several (${[...images].join(", ")})`
        : heirs.length === 0 && services.some(({ leavesRelease }) => leavesRelease === true)
          ? `no service of app '${family.name}' runs ${family.fields.image ?? "that image"}, so it would never run`
          : undefined;
    if (why !== undefined)
      report(
        "release-unclear",
        family.at(["release"]),
        `in which image? ${why}; move release into the service it belongs to`,
      );
  }
};

export const ownNamesAreFree: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, keys, at } of variantsOf(app)) {
      const variables = [
        ...keys(["env"]).map((name) => ({ name, path: ["env", name] })),
        ...secretItemsOf(fields.secrets)
          .filter(({ as }) => as === "env")
          .map(({ name, path }) => ({ name, path: ["secrets", ...path] })),
      ];
      for (const { name, path } of variables) {
        if (/^SLIPWAY_(MACHINE|APP|INSTANCE|JOB)$/.test(name))
          report("reserved-name", at(path), `${name} is set by Slipway`);
      }
      for (const key of keys(["labels"])) {
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
