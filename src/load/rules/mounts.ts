import { secretItemsOf, secretMountOf } from "../../lib/secret-items.ts";
import { engineVolumeName, volumesOf } from "../../lib/volumes.ts";
import type { AppFields } from "../../generated/app.ts";
import type { Where } from "../../model/diagnostic.ts";
import { atOn, readingOn, variantsOf } from "../expand.ts";
import { inShort, placeOf, type Rule } from "./repo.ts";

interface Mount {
  readonly what: "file" | "volume" | "tmpfs";
  readonly target: string;
  readonly path: readonly (string | number)[];
}

/** Everything in a container has its own place; and nothing can be put below what is mounted read-only. */
export const mountsDiffer: Rule = ({ apps }, report) => {
  for (const app of apps) {
    for (const { fields, at } of variantsOf(app)) {
      const mounts = mountsOf(fields).toSorted((a, b) =>
        a.target < b.target ? -1 : a.target > b.target ? 1 : 0,
      );
      const targets = new Map<string, Mount>();
      for (const mount of mounts) {
        const same = targets.get(mount.target);
        const over = same ?? above(mount, targets);
        targets.set(mount.target, mount);
        if (mount.target === "/etc/hosts")
          report(
            "mount-clash",
            at(mount.path),
            "/etc/hosts is written by Slipway; more names go into extraHosts",
          );
        if (over === undefined) continue;
        const text =
          over === same
            ? `${mount.target} is mounted twice`
            : `${mount.target} lies below ${over.target}, which comes from the repo and is read-only`;
        report("mount-clash", at(mount.path), text);
      }
    }
  }
};

/** The shipped folder or file that a mount would lie in. */
function above({ target }: Mount, targets: ReadonlyMap<string, Mount>): Mount | undefined {
  for (let end = target.lastIndexOf("/"); end > 0; end = target.lastIndexOf("/", end - 1)) {
    const mount = targets.get(target.slice(0, end));
    if (mount?.what === "file") return mount;
  }
  return undefined;
}

function mountsOf(fields: AppFields): readonly Mount[] {
  const isList = Array.isArray(fields.volumes);
  const volumes = volumesOf(fields.volumes).map(({ source, path }, i): Mount => {
    return { what: "volume", target: tidy(path), path: ["volumes", isList ? i : source] };
  });
  const files = Object.keys(fields.files ?? {}).map((path): Mount => ({
    what: "file",
    target: tidy(path),
    path: ["files", path],
  }));
  const tmpfs = (fields.tmpfs ?? []).map((text, i): Mount => ({
    what: "tmpfs",
    target: tidy(text.split(":")[0] ?? ""),
    path: ["tmpfs", i],
  }));
  const secrets = secretItemsOf(fields.secrets).flatMap(({ name, as, path }): readonly Mount[] =>
    as === "file"
      ? [{ what: "file", target: secretMountOf(name), path: ["secrets", ...path] }]
      : [],
  );
  return [...volumes, ...files, ...secrets, ...tmpfs];
}

const tidy = (path: string): string =>
  `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;

/** All services of an app mean the same by a volume's name. */
export const volumesHaveOneName: Rule = ({ families }, report) => {
  for (const family of families.values()) {
    const names = new Map<string, { readonly name: string; readonly where: Where }>();
    for (const { fields, at, knows } of family.members.flatMap(variantsOf)) {
      for (const [i, volume] of volumesOf(fields.volumes).entries()) {
        const path = ["volumes", Array.isArray(fields.volumes) ? i : volume.source];
        if (volume.kind === "host" || !knows(path)) continue;
        const name = engineVolumeName(family.name, volume);
        const where = at(path);
        const first = names.get(volume.source);
        if (first === undefined) names.set(volume.source, { name, where });
        else if (first.name !== name) {
          report(
            "volume-names-differ",
            where,
            `volume '${volume.source}' is ${name} here and ${first.name} elsewhere (${placeOf(first.where)})`,
          );
        }
      }
    }
  }
};

/** One engine volume in the hands of two apps is mostly a slip, and two databases on it are lost data. */
export const volumesAreNotShared: Rule = ({ apps }, report) => {
  const users = new Map<string, User>();
  const shared = new Map<
    Where,
    { readonly name: string; readonly by: User; readonly on: Set<string> }
  >();
  for (const app of apps) {
    for (const machine of app.machines) {
      const { fields, knows } = readingOn(app, machine);
      for (const [i, volume] of volumesOf(fields.volumes).entries()) {
        const path = ["volumes", Array.isArray(fields.volumes) ? i : volume.source];
        if (volume.kind === "host" || !knows(path)) continue;
        const name = engineVolumeName(app.family, volume);
        const where = atOn(app, machine, path);
        const first = users.get(`${machine} ${name}`);
        if (first === undefined) users.set(`${machine} ${name}`, { family: app.family, where });
        else if (first.family !== app.family) {
          const known = shared.get(where) ?? { name, by: first, on: new Set<string>() };
          known.on.add(machine);
          shared.set(where, known);
        }
      }
    }
  }
  for (const [where, { name, by, on }] of shared) {
    report(
      "volume-shared",
      where,
      `volume ${name} of ${inShort([...on])} is used by app '${by.family}' too (${placeOf(by.where)})`,
    );
  }
};

interface User {
  readonly family: string;
  readonly where: Where;
}
