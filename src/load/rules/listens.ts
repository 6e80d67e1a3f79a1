import type { Publish } from "../../lib/publish.ts";
import {
  listensAt,
  routePorts,
  wantsProxy,
  type AppThere,
  type Listen,
} from "../../model/listens.ts";
import { atOn, readingOn, variantsOf } from "../expand.ts";
import type { Machine } from "../machine.ts";
import type { FoundRoute } from "../routes.ts";
import { privateAddressOn } from "./private.ts";
import { instancesOn, type PlacedApp, type Repo } from "./repo.ts";
import { addressesOf, type Taken } from "./taken.ts";

/** What there is of proxies, as far as it could be read. */
export interface Proxies {
  /** The first route that stands on each machine which has any. */
  readonly routed: ReadonlyMap<string, FoundRoute>;
  /** Under which numbers the fleet reaches apps, by machine and app; nothing for an app of which not all is known. */
  readonly listens: ReadonlyMap<string, ReadonlyMap<string, readonly Listen[]>>;
}

const none: Proxies = { routed: new Map(), listens: new Map() };

export function proxiesOf({ settings, apps, machines }: Repo): Proxies {
  const isWanted =
    settings.fields.proxy !== undefined ||
    apps.some((app) => variantsOf(app).some(({ fields }) => wantsProxy(fields)));
  if (!isWanted) return none;
  const routed = routedBy(apps);
  const there = new Map([...machines.keys()].map((name): [string, AppThere[]] => [name, []]));
  for (const app of apps)
    for (const machine of app.machines)
      if (isClear(app, machine))
        there.get(machine)?.push({ name: app.name, fields: readingOn(app, machine).fields });
  const listens = [...there].map(([name, all]) => {
    const sshd = portOfSshd(machines.get(name));
    const around = { routed: routed.has(name), ...(sshd === undefined ? {} : { sshd }) };
    return [name, listensAt(all, around)] as const;
  });
  return { routed, listens: new Map(listens) };
}

function routedBy(apps: readonly PlacedApp[]): ReadonlyMap<string, FoundRoute> {
  const first = new Map<string, FoundRoute>();
  for (const { routes } of apps)
    for (const route of routes)
      for (const machine of route.on) if (!first.has(machine)) first.set(machine, route);
  return first;
}

const decisive = ["port", "listen", "protocol", "routes", "publish", "network"] as const;

/** Whether all that decides under which numbers an app is reached on a machine could be read. */
export const isClear = (app: PlacedApp, machine: string): boolean =>
  instancesOn(app, machine) !== undefined &&
  decisive.every((key) => readingOn(app, machine).knows([key]));

/** Undefined where it could not be read. */
export const portOfSshd = (machine: Machine | undefined): number | undefined =>
  machine?.fields.ssh?.port ?? (machine?.lacks(["ssh", "port"]) === true ? 22 : undefined);

/** What the proxies surely take: for routes on all addresses, for a `listen` that is declared on the private one. */
export function takenByProxy(repo: Repo): ReadonlyMap<string, readonly Taken[]> {
  const { routed, listens } = proxiesOf(repo);
  const apps = new Map(repo.apps.map((app) => [app.name, app]));
  return new Map(
    [...repo.machines.values()].map((machine) => {
      const route = routed.get(machine.name);
      const asked = askedOf(listens.get(machine.name) ?? new Map());
      const addresses = addressesOf("private", privateAddressOn(machine));
      const forFleet = asked.flatMap(({ name, listen }): readonly Taken[] => {
        const app = apps.get(name);
        if (app === undefined) return [];
        const where = atOn(app, machine.name, listen.path);
        return [{ by: "listen", app: name, addresses, where, publish: tcp(listen.number) }];
      });
      return [machine.name, [...(route === undefined ? [] : takenFor(route)), ...forFleet]];
    }),
  );
}

const takenFor = ({ where }: FoundRoute): readonly Taken[] =>
  routePorts.map((port) => ({
    by: "routes",
    app: "",
    addresses: ["*"],
    where,
    publish: tcp(port),
  }));

const tcp = (port: number): Publish => ({
  scope: "private",
  host: [port, port],
  container: [port, port],
  protocol: "tcp",
});

interface Asked {
  readonly name: string;
  readonly listen: Listen;
}

/** Ports of http may share a number, and those of one app are told by themselves: the first stands for all of them. */
function askedOf(byApp: ReadonlyMap<string, readonly Listen[]>): readonly Asked[] {
  const first = new Map<string, Asked>();
  for (const [name, all] of byApp) {
    for (const listen of all) {
      const { number, protocol, declared } = listen;
      const key = protocol === "http" ? `${number}` : `${number} ${name}`;
      if (declared && !first.has(key)) first.set(key, { name, listen });
    }
  }
  return [...first.values()];
}
