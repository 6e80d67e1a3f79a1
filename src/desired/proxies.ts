import { privateAddressOf } from "../lib/ip.ts";
import { groupBy } from "../lib/parallel.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import { listensAt, wantsProxy, type Listen } from "../model/listens.ts";
import type { PlacedRoute } from "../model/routes.ts";
import type { ProxySpec } from "../kinds/index.ts";
import { loginFor } from "./logins.ts";
import { fieldsOn } from "./names.ts";

/** What the proxies of a fleet go by: made once for all machines. */
export interface Proxies {
  readonly documents: Documents;
  /** The image's name, and what it means. */
  readonly image: Pick<ProxySpec, "image" | "reference" | "login">;
  readonly inUse: boolean;
  /** By machine: routes that its proxy answers to. */
  readonly routed: ReadonlyMap<string, readonly Routed[]>;
  /** By host that an authority certifies: the machines whose proxies answer to it, sorted. */
  readonly certified: ReadonlyMap<string, readonly string[]>;
  /** By machine and app: under which numbers the fleet reaches it there. */
  readonly listens: ReadonlyMap<string, ReadonlyMap<string, readonly Listen[]>>;
  /** Whether an app has yet to work on a machine, while it serves on others. */
  isComing(app: AppDocument, machine: string): boolean;
  /** Whether it serves on none of the machines where it is to. */
  readonly isAway?: (app: AppDocument) => boolean;
  /** A machine that nothing is handed on to where others can do it. */
  readonly resting?: string;
  /** Private addresses of all machines, sorted. */
  readonly peers: readonly string[];
}

export interface Routed {
  readonly app: AppDocument;
  readonly route: PlacedRoute;
}

const defaultImage = "haproxy:lts";

/** The name of their image, as slipway.yaml has it. */
export const proxyImageIn = ({ settings }: Documents): string =>
  settings.proxy?.image ?? defaultImage;

/** Every app has what the proxy does once one of the fleet asks for it. */
export const usesProxies = ({ settings }: Documents, apps: readonly AppDocument[]): boolean =>
  settings.proxy !== undefined ||
  apps.some((app) => [app.fields, ...app.perMachine.values()].some(wantsProxy));

/** `reference`: what the name of their image means. */
export function proxiesFor(
  documents: Documents,
  apps: readonly AppDocument[],
  reference = proxyImageIn(documents),
  isComing: Proxies["isComing"] = () => false,
): Proxies {
  const login = loginFor(reference, documents);
  const image = {
    image: proxyImageIn(documents),
    reference,
    ...(login === undefined ? {} : { login }),
  };
  const inUse = usesProxies(documents, apps);
  if (!inUse)
    return {
      documents,
      image,
      inUse,
      routed: new Map(),
      certified: new Map(),
      listens: new Map(),
      isComing,
      peers: [],
    };
  const all = apps.flatMap((app) => app.routes.map((route) => ({ app, route })));
  const routed = byMachine(all, ({ route }) => route.on);
  const listens = [...placements(apps)].map(([machine, own]) => {
    const there = own.map((app) => ({ name: app.name, fields: fieldsOn(app, machine) }));
    const sshd = documents.machines.get(machine)?.fields.ssh?.port ?? 22;
    return [machine, listensAt(there, { routed: routed.has(machine), sshd })] as const;
  });
  const peers = [...documents.machines.keys()].flatMap((name) => privateOf(documents, name) ?? []);
  return {
    documents,
    image,
    inUse,
    routed,
    certified: certifiedOn(all),
    listens: new Map(listens),
    isComing,
    peers: peers.toSorted(),
  };
}

/** Those that need one, in order of name. */
export const proxyMachines = ({ routed, listens }: Proxies): readonly string[] => {
  const listening = [...listens].filter(([, apps]) => [...apps.values()].some((l) => l.length > 0));
  return [...new Set([...routed.keys(), ...listening.map(([machine]) => machine)])].toSorted();
};

/** Apps by the machines that they are on. */
export const placements = (
  apps: readonly AppDocument[],
): ReadonlyMap<string, readonly AppDocument[]> => byMachine(apps, ({ machines }) => machines);

function byMachine<T>(
  things: readonly T[],
  machinesOf: (thing: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const thing of things) {
    for (const machine of machinesOf(thing)) {
      const own = found.get(machine);
      if (own === undefined) found.set(machine, [thing]);
      else own.push(thing);
    }
  }
  return found;
}

function certifiedOn(routed: readonly Routed[]): ReadonlyMap<string, readonly string[]> {
  const byHost = groupBy(
    routed.filter(({ route }) => route.tls === "auto"),
    ({ route }) => route.host,
  );
  return new Map(
    [...byHost].map(([host, own]) => [
      host,
      [...new Set(own.flatMap(({ route }) => route.on))].toSorted(),
    ]),
  );
}

/** What an app on a machine is reached by there. */
export const listensOn = (
  app: AppDocument,
  machine: string,
  { listens }: Pick<Proxies, "listens">,
): readonly Listen[] => listens.get(machine)?.get(app.name) ?? [];

export const privateOf = ({ machines }: Documents, machine: string): string | undefined => {
  const fields = machines.get(machine)?.fields;
  return fields && privateAddressOf(fields);
};
