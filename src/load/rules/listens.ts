import type { Publish } from "../../lib/publish.ts";
import { routePorts, type Listen } from "../../model/listens.ts";
import { atOn } from "../expand.ts";
import type { FoundRoute } from "../routes.ts";
import { privateAddressOn } from "./private.ts";
import type { Repo } from "./repo.ts";
import { addressesOf, type Taken } from "./taken.ts";

/** What the proxies surely take: for routes on all addresses, for a `listen` that is declared on the private one. */
export function takenByProxy(repo: Repo): ReadonlyMap<string, readonly Taken[]> {
  const { routed, listens } = repo.proxies;
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
