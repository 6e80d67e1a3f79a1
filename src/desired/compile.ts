import type { ContainerSpec, FilesSpec } from "../kinds/index.ts";
import { digestOf } from "../lib/hash.ts";
import { resourceAddress } from "../model/address.ts";
import type { AppDocument } from "../model/documents.ts";
import { machinePaths } from "../model/paths.ts";
import type { PullLogin } from "../model/registry.ts";
import type { Resource } from "../model/resource.ts";
import { addressBook } from "./addresses.ts";
import { certificatesOn } from "./certificates.ts";
import { containerSpec, fleetNetwork } from "./container.ts";
import { engineOn } from "./engine.ts";
import { firewallOn } from "./firewall.ts";
import { jobResource, placedJobs } from "./jobs.ts";
import { loginFor } from "./logins.ts";
import { fieldsOn, instancesOn, namesTable } from "./names.ts";
import { comingPlaces, isAway, withLeaving } from "./places.ts";
import { listensOn, placements, proxiesFor, type Proxies } from "./proxies.ts";
import { poolsIn, proxySpec } from "./proxy.ts";
import { dueReleases, releaseResource, type DueRelease } from "./release.ts";
import { settingsOn } from "./settings.ts";
import { machineResources, sharedOf } from "./shared.ts";
import { wireguardOn } from "./wireguard.ts";
import {
  filesOn,
  isUnclear,
  placementOf,
  referenceOf,
  resourceOf,
  type Compiled,
  type CompileInput,
  type LeavingPlace,
  type MachineContext,
  type Work,
} from "./work.ts";

/** Documents → resources with addresses, for every machine that has a context. */
export function compile(input: CompileInput): Compiled {
  const resources: Resource[] = [];
  const awaiting: Compiled["awaiting"][number][] = [];
  const { fleet, machines } = input.documents;
  const paths = machinePaths(fleet);
  const all = withLeft(input, ({ isReached }) => isReached);
  const isComing = comingPlaces(all, input.machines);
  const named = all.filter((app) => input.unnamed?.has(app.family) !== true);
  const reached = reachOf(all, input, isComing);
  const leavingFrom = new Set(input.leaving?.map(({ machine }) => machine));
  // What leaves a machine the proxy there lets go last.
  const reachedFrom = (machine: string): Reach =>
    leavingFrom.has(machine)
      ? reachOf(
          withLeft(input, (place) => place.isReached || place.machine === machine),
          input,
          isComing,
        )
      : reached;
  const table = namesTable(
    fleet,
    machines,
    named,
    (app, machine) => listensOn(app, machine, reached.proxies).length > 0,
    (app, machine) => isComing(app, machine) && !isNamed(app, input.machines.get(machine)),
  );
  const work: Work = { ...input, table, paths };
  const placedOn = placements(input.apps);
  const due = dueReleases(input);
  const releases = Map.groupBy(due, ({ machine }) => machine);
  const jobs = Map.groupBy(placedJobs(input.apps), ({ machine }) => machine);
  const unseen = unseenReleases(due, input);
  for (const document of machines.values()) {
    const { on, proxies } = reachedFrom(document.name);
    resources.push(
      ...settingsOn(document, input),
      ...firewallOn(
        document,
        on.get(document.name) ?? [],
        proxies,
        input.machines.get(document.name)?.published,
      ),
    );
    const network = wireguardOn(document, machines, input.machines);
    resources.push(...network.resources);
    awaiting.push(...network.awaiting);
  }
  for (const [machine, context] of input.machines) {
    const placed = placedOn.get(machine) ?? [];
    const addressOf = addressBook(context.bridge);
    resources.push(...machineResources(machine, context, placed, addressOf, work));
    const document = machines.get(machine);
    if (document !== undefined) resources.push(...engineOn(document, context.engine));
    const { on, proxies } = reachedFrom(machine);
    const proxy = proxySpec(machine, context, on.get(machine) ?? [], proxies);
    const proxyAt = resourceAddress(machine, "machine/proxy", undefined, "");
    if (proxy === "awaiting") awaiting.push({ address: proxyAt, on: fleetNetwork(fleet) });
    else if (proxy !== undefined)
      resources.push({ address: proxyAt, kind: "machine/proxy", machine, name: "", spec: proxy });
    const certificates = certificatesOn(machine, proxies, input.secrets);
    for (const { address, ...rest } of certificates) {
      // Nobody answers an authority yet, and what stands in is there for the proxy to start.
      if (rest.kind === "machine/certification" && proxy === "awaiting")
        awaiting.push({ address, on: fleetNetwork(fleet) });
      else resources.push({ address, ...rest });
    }
    const shared = new Set<string>();
    for (const app of placed) {
      const image = referenceOf(app, machine, input.images);
      if (image === undefined) continue;
      const files = filesOn(app, machine, context, input);
      const pools = poolsIn(proxy, app.name);
      const at = { ...placementOf(app, machine, context, image, files, work), addressOf, pools };
      const specs = Array.from({ length: instancesOn(app, machine) }, (_, index) =>
        containerSpec(app, index + 1, at),
      );
      resources.push(
        ...sharedOf(app, machine, context, input).filter(({ kind, name, spec }) => {
          const thing = digestOf({ kind, name, spec });
          return !shared.has(thing) && shared.add(thing);
        }),
        ...supports(
          app,
          machine,
          image,
          withCopies(files, specs),
          loginFor(image, input.documents),
        ),
      );
      for (const [index, spec] of specs.entries()) {
        const n = String(index + 1);
        const address = resourceAddress(machine, "app/container", app.name, n);
        const isEarly = spec === undefined || isUnclear(app, context, input);
        const on = unseen.get(app.family) ?? (isEarly ? fleetNetwork(fleet) : undefined);
        if (spec === undefined || on !== undefined)
          awaiting.push({ address, family: app.family, on: on ?? fleetNetwork(fleet) });
        else resources.push(resourceOf(machine, "app/container", n, spec, app, ["image"]));
      }
    }
    for (const release of releases.get(machine) ?? [])
      resources.push(...releaseResource(release, context, work));
    for (const job of jobs.get(machine) ?? []) resources.push(...jobResource(job, context, work));
  }
  return { resources, awaiting };
}

/** Who was found there before stays to be found, whatever became of it. */
const isNamed = (app: AppDocument, context: MachineContext | undefined): boolean =>
  context === undefined || (context.named?.has(app.name) ?? context.proven.has(app.family));

/** Who is reached where, and by which proxies. */
interface Reach {
  readonly on: ReturnType<typeof placements>;
  readonly proxies: Proxies;
}

const reachOf = (
  apps: readonly AppDocument[],
  { documents, machines, proxyImage, resting }: CompileInput,
  isComing: Proxies["isComing"],
): Reach => ({
  on: placements(apps),
  proxies: {
    ...proxiesFor(documents, apps, proxyImage, isComing),
    isAway: (app) => isAway(app, machines),
    ...(resting === undefined ? {} : { resting }),
  },
});

const withLeft = (
  input: CompileInput,
  isMeant: (place: LeavingPlace) => boolean,
): readonly AppDocument[] =>
  withLeaving(
    withStaying(input),
    (input.leaving ?? []).filter(isMeant),
    input.machines,
    input.documents,
  );

/** In order of name, as all apps are. What stays is reached as before, where nobody else is now. */
function withStaying({ apps, staying = [] }: CompileInput): readonly AppDocument[] {
  if (staying.length === 0) return apps;
  const routed = new Map(
    apps.flatMap(({ name, routes }) => routes.map(({ host, path }) => [`${host}${path}`, name])),
  );
  const left = staying.map((app) => ({
    ...app,
    routes: app.routes.filter(
      ({ host, path }) => (routed.get(`${host}${path}`) ?? app.name) === app.name,
    ),
  }));
  const all = new Map([...apps, ...left].map((app) => [app.name, app]));
  return [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Nothing rolls before its release: that cannot be looked at, nor run, while its machine does not answer. */
const unseenReleases = (
  due: readonly DueRelease[],
  { machines, released }: CompileInput,
): ReadonlyMap<string, string> =>
  new Map(
    due
      .filter(({ machine }) => !machines.has(machine))
      .filter(({ app, digest }) => released?.get(app.family)?.has(digest) !== true)
      .map(({ app, machine }) => [app.family, `the release on ${machine}`]),
  );

function supports(
  app: AppDocument,
  machine: string,
  reference: string,
  files: readonly FilesSpec[],
  login: PullLogin | undefined,
): readonly Resource[] {
  const { image: text = "" } = fieldsOn(app, machine);
  const { name, family } = app;
  const image = { app: name, family, text, reference, ...(login === undefined ? {} : { login }) };
  return [
    resourceOf(machine, "app/image", "", image, app, ["image"]),
    ...files.map((f) =>
      resourceOf(machine, "app/files", f.target.slice(1), f, app, ["files", f.target]),
    ),
  ];
}

/** Each instance has copies of its own of what it is told to read anew. */
function withCopies(
  files: readonly FilesSpec[],
  specs: readonly (ContainerSpec | undefined)[],
): readonly FilesSpec[] {
  const made = specs.flatMap((spec) =>
    spec === undefined ? [] : [spec, ...(spec.formerly ?? [])],
  );
  const copies = made.flatMap(({ reload }) => reload?.folder ?? []);
  return copies.length === 0 ? files : files.map((f) => ({ ...f, copies }));
}
