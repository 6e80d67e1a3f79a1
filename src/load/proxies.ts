import type { AppFields } from "../generated/app.ts";
import { listensAt, wantsProxy, type AppThere, type Listen } from "../model/listens.ts";
import { readingOn, variantsOf, type Member } from "./expand.ts";
import type { Machine } from "./machine.ts";
import type { Reading } from "./reading.ts";
import type { FoundRoute } from "./routes.ts";
import type { Selection } from "./select.ts";
import type { Settings } from "./settings.ts";

/** What there is of proxies, as far as it could be read; nothing where no app and no setting asks for them. */
export interface Proxies {
  /** The first route that stands on each machine which has any. */
  readonly routed: ReadonlyMap<string, FoundRoute>;
  /** Under which numbers the fleet reaches apps, by machine and app; an app of which not all is known is not among them. */
  readonly listens: ReadonlyMap<string, ReadonlyMap<string, readonly Listen[]>>;
}

interface Within {
  readonly settings: Settings;
  readonly apps: readonly (Member & Selection & { readonly routes: readonly FoundRoute[] })[];
  readonly machines: ReadonlyMap<string, Machine>;
}

export function proxiesOf({ settings, apps, machines }: Within): Proxies {
  const isWanted =
    settings.fields.proxy !== undefined ||
    apps.some((app) => variantsOf(app).some(({ fields }) => wantsProxy(fields)));
  if (!isWanted) return { routed: new Map(), listens: new Map() };
  const routed = routedBy(apps);
  const there = appsThere(apps, machines);
  // In a large fleet many machines have the same apps.
  const known = new Map<string, ReadonlyMap<string, readonly Listen[]>>();
  const listens = [...there].map(([name, all]) => {
    const sshd = portOfSshd(machines.get(name));
    const around = { routed: routed.has(name), ...(sshd === undefined ? {} : { sshd }) };
    const key = JSON.stringify([around, all.map(({ id }) => id)]);
    const found = known.get(key) ?? listensAt(all, around);
    known.set(key, found);
    return [name, found] as const;
  });
  return { routed, listens: new Map(listens) };
}

function routedBy(apps: Within["apps"]): ReadonlyMap<string, FoundRoute> {
  const first = new Map<string, FoundRoute>();
  for (const { routes } of apps)
    for (const route of routes)
      for (const machine of route.on) if (!first.has(machine)) first.set(machine, route);
  return first;
}

/** One form of an app, with a number of its own. */
interface Form extends AppThere {
  readonly id: number;
}

function appsThere(
  apps: Within["apps"],
  machines: Within["machines"],
): ReadonlyMap<string, readonly Form[]> {
  const there = new Map([...machines.keys()].map((name): [string, Form[]] => [name, []]));
  let id = 0;
  for (const app of apps) {
    const forms = Map.groupBy(app.machines, (machine) => readingOn(app, machine));
    for (const [reading, on] of forms) {
      if (!isClear(reading)) continue;
      const form: Form = { id: id++, name: app.name, fields: reading.fields };
      for (const machine of on) there.get(machine)?.push(form);
    }
  }
  return there;
}

const decisive = ["port", "listen", "protocol", "routes", "publish", "network", "instances"];

/** Whether all that decides under which numbers an app is reached could be read. */
const isClear = ({ knows }: Reading<AppFields>): boolean => decisive.every((key) => knows([key]));

/** Undefined where it could not be read. */
export const portOfSshd = (machine: Machine | undefined): number | undefined =>
  machine?.fields.ssh?.port ?? (machine?.lacks(["ssh", "port"]) === true ? 22 : undefined);
