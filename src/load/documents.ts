import type { AppFields, AppFile } from "../generated/app.ts";
import type { AppDocument, Documents, MachineDocument } from "../model/documents.ts";
import type { PlacedRoute } from "../model/routes.ts";
import type { Family } from "./expand.ts";
import type { FoundRoute } from "./routes.ts";
import type { FoundMachine, PlacedApp, Repo } from "./rules/repo.ts";
import type { Secrets } from "./secrets.ts";
import type { Settings } from "./settings.ts";

/** What the later stages see of a repo in which nothing is wrong; undefined where what every repo has is missing. */
export function documentsOf(
  revision: string,
  { fleet, fields, at }: Settings,
  repo: Repo,
): Documents | undefined {
  if (fleet === undefined || fields.fleet === undefined) return undefined;
  const families = [...repo.families.values()].map(
    (family) => [family.name, { file: withoutPlace(family), at: family.at }] as const,
  );
  return {
    revision,
    fleet,
    settings: { ...fields, fleet: fields.fleet },
    settingsAt: at,
    machines: new Map([...repo.machines.values()].flatMap(machineDocument)),
    apps: new Map(repo.apps.map((app) => [app.name, appDocument(app)])),
    families: new Map(families),
    logins: repo.logins,
    sealed: sealedIn(repo.secrets),
  };
}

const sealedIn = ({ values, wholeFiles }: Secrets): Documents["sealed"] =>
  new Map([...values, ...wholeFiles].toSorted(([a], [b]) => (a < b ? -1 : 1)));

function machineDocument({
  name,
  fields,
  ships,
  secrets,
  at,
}: FoundMachine): readonly [string, MachineDocument][] {
  const { address } = fields;
  return address === undefined
    ? []
    : [[name, { name, fields: { ...fields, address }, ships, secrets, at }]];
}

const appDocument = ({
  name,
  family,
  service,
  fields,
  on,
  machines,
  ships,
  secrets,
  templates,
  routes,
  at,
}: PlacedApp): AppDocument => ({
  name,
  family,
  ...(service === undefined ? {} : { service }),
  fields,
  perMachine: new Map([...on].map(([machine, reading]) => [machine, reading.fields])),
  machines,
  ships,
  secrets,
  templates,
  routes: routes.map(placed),
  at,
});

/** Without what only the rules go by. */
const placed = ({
  reading: _reading,
  index: _index,
  onKnown: _known,
  ...route
}: FoundRoute): PlacedRoute => route;

/** Where an app runs and how often is not part of what it is. */
function withoutPlace({ fields: file }: Family): AppFile {
  const bare = <T extends AppFields>({
    machines: _machines,
    instances: _instances,
    ...rest
  }: T): Omit<T, "machines" | "instances"> => rest;
  const { services, perMachine, ...own } = file;
  const differing = Object.entries(perMachine ?? {}).flatMap(([machine, fields]) => {
    const rest = bare(fields);
    return Object.keys(rest).length === 0 ? [] : [[machine, rest] as const];
  });
  return {
    ...bare(own),
    ...(services === undefined
      ? {}
      : { services: Object.fromEntries(Object.entries(services).map(([k, v]) => [k, bare(v)])) }),
    ...(differing.length === 0 ? {} : { perMachine: Object.fromEntries(differing) }),
  };
}
