import { PublishError, readPublish } from "../../lib/publish.ts";
import type { AppFields } from "../../generated/app.ts";
import type { Where } from "../../model/diagnostic.ts";
import type { Listen } from "../../model/listens.ts";
import { readingOn } from "../expand.ts";
import { privateAddressOn } from "./private.ts";
import { appsByFamily, type PlacedApp, type Rule } from "./repo.ts";

/** A port that an app has for other machines. */
interface Private {
  readonly number: number;
  readonly by: "publish" | "listen";
}

/** Something that an app wants of another one. */
interface Wish {
  readonly target: PlacedApp;
  readonly where: Where;
  /** Undefined: whatever it has. */
  readonly port?: number;
  /** The machines on which it wants that. */
  readonly machines: readonly string[];
}

/**
 * Who is `after` an app, or names it with a port, mostly wants to talk to it. Where that app's private ports stand on
 * machines without a private address only, nobody on another machine can.
 */
export const privatePortsAreReachable: Rule = (repo, report) => {
  const { machines } = repo;
  const isReachable = (machine: string): boolean => {
    const document = machines.get(machine);
    return document === undefined || privateAddressOn(document) !== "none";
  };
  if ([...machines.keys()].every(isReachable)) return;
  const { listens } = repo.proxies;
  const known: Targets = {
    families: appsByFamily(repo.apps),
    names: new Map(repo.apps.map((one) => [one.name, one])),
  };
  for (const app of repo.apps) {
    for (const { target, where, port, machines: wanting } of wishesOf(app, known)) {
      const [on] = target.machines;
      if (on === undefined || !target.machinesKnown || target.machines.some(isReachable)) continue;
      const found = privatePorts(target, on, listens.get(on)?.get(target.name)).find(
        ({ number }) => port === undefined || port === number,
      );
      const far = wanting.find((machine) => !target.machines.includes(machine));
      if (found === undefined || far === undefined) continue;
      const has = found.by === "publish" ? "publishes" : "listens under";
      report(
        "private-unreachable",
        where,
        `app '${target.name}' ${has} ${found.number} on ${on}, which has no privateAddress: '${app.name}' on ${far} cannot reach it there`,
      );
    }
  }
};

function privatePorts(
  app: PlacedApp,
  machine: string,
  listens: readonly Listen[] = [],
): readonly Private[] {
  const published = (readingOn(app, machine).fields.publish ?? []).flatMap((text) => {
    const read = readPublish(text);
    return read instanceof PublishError || read.scope !== "private"
      ? []
      : [{ number: read.host[0], by: "publish" as const }];
  });
  return [...published, ...listens.map(({ number }) => ({ number, by: "listen" as const }))];
}

interface Targets {
  readonly families: ReadonlyMap<string, readonly PlacedApp[]>;
  readonly names: ReadonlyMap<string, PlacedApp>;
}

function wishesOf(app: PlacedApp, { families, names }: Targets): readonly Wish[] {
  const after = (app.fields.after ?? []).flatMap((name, i) =>
    (families.get(name) ?? []).map((target): Wish => ({
      target,
      where: app.at(["after", i]),
      machines: app.machines,
    })),
  );
  const forms = Map.groupBy(app.machines, (machine) => readingOn(app, machine));
  const named = [...forms].flatMap(([{ fields, at }, machines]) =>
    Object.entries(fields.env ?? {}).flatMap(([name, value]) =>
      namedIn(value).flatMap(([called, port]): readonly Wish[] => {
        const target = names.get(called);
        const where = at(["env", name]);
        return target === undefined ? [] : [{ target, where, port, machines }];
      }),
    ),
  );
  return [...after, ...named].filter(({ target }) => target.family !== app.family);
}

/** `db:5432` and its like, wherever they stand in a value. */
function namedIn(
  value: NonNullable<AppFields["env"]>[string],
): readonly (readonly [string, number])[] {
  const text = typeof value === "string" ? value : (value.template ?? "");
  return [...text.matchAll(/(?<![\w.-])([a-z0-9][a-z0-9-]{0,39}):(\d{1,5})(?!\d)/g)].map(
    ([, name = "", port]) => [name, Number(port)] as const,
  );
}
