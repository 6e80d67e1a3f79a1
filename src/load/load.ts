import { didYouMean } from "../lib/suggest.ts";
import { printableLine } from "../lib/text.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import type { Documents } from "../model/documents.ts";
import { secretFileLimit } from "../model/sealed.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { createParseCache, type ParseCache } from "./cache.ts";
import { documentsOf } from "./documents.ts";
import { expandFamily } from "./expand.ts";
import { collectFindings, type Findings, type Report } from "./findings.ts";
import { assemble, parseAll, type Assembly } from "./layers.ts";
import { machineFilesOf } from "./machine-files.ts";
import { readMachine } from "./machine.ts";
import { findLooseDocuments } from "./loose.ts";
import { findMisplaced } from "./misplaced.ts";
import { startOf } from "./node.ts";
import type { ParsedFile } from "./parse.ts";
import { loginsOf } from "./logins.ts";
import { parseValues } from "./parse-values.ts";
import { secretsOf } from "./references.ts";
import { proxiesOf } from "./proxies.ts";
import { createPlacer, viaOf } from "./routes.ts";
import { rules } from "./rules/index.ts";
import type { Repo } from "./rules/repo.ts";
import { readSecrets, type Secrets } from "./secrets.ts";
import { createChooser, machinesOf } from "./select.ts";
import { fleetOf, readSettings, type Settings } from "./settings.ts";
import { shipsOf, type Shippable } from "./ships.ts";
import { parseTemplate, templateLimit, templatesOf, type TemplateUse } from "./templates.ts";
import { checkTimes } from "./times.ts";
import { overlayOf, type Overlay } from "./together.ts";
import { documentLimit, environmentsOf, readTree, type Layers, type RepoTree } from "./tree.ts";

export { createParseCache, type ParseCache } from "./cache.ts";
export { togetherOf } from "./together.ts";
export { environmentsOf } from "./tree.ts";

export interface LoadOptions {
  /** Lays `environments/<name>/` over the root; the fleet is then `<fleet>-<name>`. */
  readonly environment?: string;
  /** What is kept between loads; without one everything is parsed anew. */
  readonly cache?: ParseCache;
}

export interface Loaded {
  /** With the environment; undefined where slipway.yaml does not say it. */
  readonly fleet?: string;
  /** Which environment was laid over the root. */
  readonly overlay?: Overlay;
  /** Undefined when there is an error among the findings. */
  readonly documents?: Documents;
  /** Sorted by place; at most 200, the last of which then says how many more there are. */
  readonly findings: readonly Diagnostic[];
  /** How many more there are. */
  readonly omitted: number;
}

/**
 * Reads the infra repo of one commit: every mistake in it is a finding, all of them at once.
 * Rejects only with what the snapshot itself throws (SourceError).
 */
export async function load(snapshot: Snapshot, options: LoadOptions = {}): Promise<Loaded> {
  const findings = collectFindings();
  const { environment } = options;
  const { fleet, settings, repo } = await read(snapshot, options, findings);
  const complete = settings !== undefined && repo !== undefined && !findings.hasErrors();
  const documents = complete ? documentsOf(snapshot.revision, settings, repo) : undefined;
  return {
    ...(fleet === undefined ? {} : { fleet }),
    ...(documents === undefined ? {} : { documents }),
    ...(environment === undefined ? {} : { overlay: overlayOf(snapshot, environment) }),
    ...findings.shown(),
  };
}

interface Read {
  readonly fleet?: string | undefined;
  readonly settings?: Settings;
  readonly repo?: Repo;
}

async function read(
  snapshot: Snapshot,
  { environment, cache = createParseCache() }: LoadOptions,
  findings: Findings,
): Promise<Read> {
  const { report } = findings;
  if (snapshot.truncated !== undefined) {
    report(
      "tree-too-large",
      startOf("slipway.yaml"),
      `the repo holds more than is read: ${printableLine(snapshot.truncated)}`,
    );
    return {};
  }
  if (!environmentExists(snapshot, environment, report)) return {};
  const tree = readTree(snapshot.entries, environment, report);
  findMisplaced(snapshot.entries, tree, environment, report);
  await findLooseDocuments(snapshot, cache, report);
  if (tree.documents > documentLimit) {
    report(
      "too-many-documents",
      startOf("slipway.yaml"),
      `${tree.documents} machines, apps and files of secrets; ${documentLimit} is the most`,
    );
    return {};
  }
  const layers = [...tree.machines.values(), ...tree.apps.values()];
  const files = await parseAll(
    [...tree.settings, ...layers.flatMap((layer) => layer.files)],
    snapshot,
    cache,
  );
  const by: Assembly = { files, validators: cache.validators, findings };
  const values = await parseAll([...tree.secrets.values.values()].flat(), snapshot, cache, {
    what: "a file of secrets",
    parse: parseValues,
    limit: secretFileLimit,
  });
  const secrets = readSecrets(tree.secrets, values, findings);
  const fleet = fleetOf(tree, environment, by);
  const settings = readSettings(tree, environment, by);
  const repo = await readRepo(tree, { settings, secrets, snapshot, cache }, by);
  for (const rule of rules) rule(repo, report);
  for (const declaring of [settings, ...repo.families.values()]) checkTimes(declaring, report);
  return { fleet, settings, repo };
}

function environmentExists(
  snapshot: Snapshot,
  environment: string | undefined,
  report: Report,
): boolean {
  if (environment === undefined) return true;
  const known = environmentsOf(snapshot);
  if (known.includes(environment)) return true;
  const shown = printableLine(environment);
  const which =
    known.length === 0 ? "; there is no environments/ folder" : didYouMean(environment, known);
  report(
    "unknown-environment",
    startOf("environments"),
    `there is no environment '${shown}'${which}`,
  );
  return false;
}

interface Known {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly snapshot: Snapshot;
  readonly cache: ParseCache;
}

/** All that could be read, whatever else could not. */
async function readRepo(tree: RepoTree, known: Known, by: Assembly): Promise<Repo> {
  const { settings, secrets } = known;
  const { report } = by.findings;
  const shippable = shippableOf(tree);
  const machines = new Map(
    byName(tree.machines).map((layers) => {
      const machine = readMachine(layers, settings.machineDefaults, by);
      const files = machineFilesOf(machine, { shippable, secrets, report });
      return [layers.name, { ...machine, ...files }];
    }),
  );
  const families = new Map(
    byName(tree.apps).map((layers) => [
      layers.name,
      expandFamily(assemble("app", layers, settings.appDefaults, by), by),
    ]),
  );
  const unlisted = { machines: tree.refused.has("machines"), apps: tree.refused.has("apps") };
  const from = { machines, unlisted: unlisted.machines, report };
  const choose = createChooser(from);
  const place = createPlacer(viaOf(settings, choose), choose, report);
  const placed = [...families.values()].flatMap((family) =>
    family.members.map((member) => {
      const ships = shipsOf(member, family, shippable, report);
      const uses = templatesOf({ ...member, ships }, family.folder, shippable, report);
      const selection = machinesOf(member, choose, from);
      const routes = place({ ...member, ...selection });
      return { app: { ...member, ...selection, ships, routes }, uses };
    }),
  );
  const files = await readTemplates(
    placed.flatMap(({ uses }) => uses),
    known,
  );
  const apps = placed.map(({ app, uses }) => ({
    ...app,
    ...secretsOf(app, { secrets, uses, files, findings: by.findings }),
  }));
  const sorted = apps.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    machines,
    families,
    settings,
    apps: sorted,
    proxies: proxiesOf({ settings, apps: sorted, machines }),
    secrets,
    logins: loginsOf(settings, secrets, report),
    unlisted,
  };
}

async function readTemplates(
  uses: readonly TemplateUse[],
  { snapshot, cache }: Pick<Known, "snapshot" | "cache">,
): Promise<ReadonlyMap<string, ParsedFile>> {
  const entries = new Map(uses.map(({ entry }) => [entry.path, entry]));
  const parsing = { what: "a template", parse: parseTemplate, limit: templateLimit };
  return await parseAll([...entries.values()], snapshot, cache, parsing);
}

const byName = (layers: ReadonlyMap<string, Layers>): readonly Layers[] =>
  [...layers.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));

const shippableOf = ({ shippable, apps, refused }: RepoTree): Shippable => ({
  entries: shippable,
  paths: [...shippable.keys()].toSorted(),
  appFolders: new Set(
    [...apps.values()].map(({ folder }) => folder).filter((folder) => folder !== "apps"),
  ),
  refused,
});
