import { PublishError, readPublish, type Publish } from "../../lib/publish.ts";
import type { AppFields } from "../../generated/app.ts";
import type { Where } from "../../model/diagnostic.ts";
import type { Listen } from "../../model/listens.ts";
import { portsOf } from "../../model/ports.ts";
import { readingOn } from "../expand.ts";
import { privateAddressOn } from "./private.ts";
import { appsByFamily, type PlacedApp, type Repo, type Rule } from "./repo.ts";

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
  const { machines, proxies } = repo;
  const isReachable = (machine: string): boolean => {
    const document = machines.get(machine);
    return document === undefined || privateAddressOn(document) !== "none";
  };
  if ([...machines.keys()].every(isReachable)) return;
  for (const { app, target, where, port, on, far } of farWishesOf(repo)) {
    if (target.machines.some(isReachable)) continue;
    const listens = proxies.listens.get(on)?.get(target.name);
    const found = privatePorts(target, on, listens).find(
      ({ number }) => port === undefined || port === number,
    );
    if (found === undefined) continue;
    const has = found.by === "publish" ? "publishes" : "listens under";
    report(
      "private-unreachable",
      where,
      `app '${target.name}' ${has} ${found.number} on ${on}, which has no privateAddress: '${app.name}' on ${far} cannot reach it there`,
    );
  }
};

/** Who names an app with its port from another machine needs that port to have its number for the fleet. */
export const namedPortsHaveNumbers: Rule = (repo, report) => {
  if (repo.proxies.listens.size === 0) return;
  for (const { app, target, where, port, on, far } of farWishesOf(repo)) {
    if (port === undefined || !target.machines.every((one) => isClosed(target, port, one, repo)))
      continue;
    const why = target.lacks(["listen"]) ? `${port} is taken on ${on}` : "listen says otherwise";
    report(
      "private-unreachable",
      where,
      `app '${target.name}' is not reached under ${port}, as ${why}: '${app.name}' on ${far} cannot talk to it`,
    );
  }
};

/** Whether an app surely has a port on a machine that it does not give to others under its own number. */
function isClosed(app: PlacedApp, port: number, machine: string, { proxies }: Repo): boolean {
  const { fields } = readingOn(app, machine);
  const listens = proxies.listens.get(machine)?.get(app.name);
  if (listens === undefined || fields.network === "host" || fields.instances === 0) return false;
  const isOpen =
    listens.some(({ number }) => number === port) ||
    publishedBy(fields).some(({ host: [from, to] }) => from <= port && port <= to);
  return !isOpen && portsOf(fields).some(({ number }) => number === port);
}

const publishedBy = ({ publish = [] }: AppFields): readonly Publish[] =>
  publish.map(readPublish).filter((read): read is Publish => !(read instanceof PublishError));

function privatePorts(
  app: PlacedApp,
  machine: string,
  listens: readonly Listen[] = [],
): readonly Private[] {
  const published = publishedBy(readingOn(app, machine).fields)
    .filter(({ scope }) => scope === "private")
    .map(({ host }) => ({ number: host[0], by: "publish" as const }));
  return [...published, ...listens.map(({ number }) => ({ number, by: "listen" as const }))];
}

/** A wish that leads from one machine to others. */
interface FarWish extends Wish {
  readonly app: PlacedApp;
  /** The first of the target's machines, and one on which it is wished for without being there. */
  readonly on: string;
  readonly far: string;
}

function* farWishesOf({ apps }: Repo): Generator<FarWish> {
  const known: Targets = {
    families: appsByFamily(apps),
    names: new Map(apps.map((one) => [one.name, one])),
    services: new Set(apps.map(({ family, service = "" }) => `${family}/${service}`)),
  };
  const places = new Map<PlacedApp, ReadonlySet<string>>();
  for (const app of apps) {
    for (const wish of wishesOf(app, known)) {
      const [on] = wish.target.machines;
      const there = places.get(wish.target) ?? new Set(wish.target.machines);
      places.set(wish.target, there);
      const far = wish.machines.find((machine) => !there.has(machine));
      if (on !== undefined && far !== undefined && wish.target.machinesKnown)
        yield { ...wish, app, on, far };
    }
  }
}

interface Targets {
  readonly families: ReadonlyMap<string, readonly PlacedApp[]>;
  readonly names: ReadonlyMap<string, PlacedApp>;
  /** Short names, which mean a service to the others of its family. */
  readonly services: ReadonlySet<string>;
}

function wishesOf(app: PlacedApp, { families, names, services }: Targets): readonly Wish[] {
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
        return target === undefined || services.has(`${app.family}/${called}`)
          ? []
          : [{ target, where, port, machines }];
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
