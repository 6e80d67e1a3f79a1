import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { didYouMean } from "../../lib/suggest.ts";
import { printableLine } from "../../lib/text.ts";
import { parseFile } from "../../load/parse.ts";
import type { Context } from "../command.ts";
import { UserError } from "../trouble.ts";
import { folderOf } from "../working-tree.ts";

/** Where secrets are read and written: files in a folder, never a commit. */
export interface SecretsPlace {
  /** The infra repo's folder, absolute. */
  readonly folder: string;
  readonly environment?: string;
  /** Before `secrets/`: `environments/staging/`, or nothing. */
  readonly prefix: string;
  /** Names of the fleets whose keys may open what stands here, the likeliest first. */
  readonly fleets: readonly string[];
}

/** Throws UserError where there is no folder, or no environment of that name. */
export async function openPlace(context: Context): Promise<SecretsPlace> {
  const { environment } = context.options;
  const { root, path } = await folderOf(
    context,
    "Secrets are read and written in a clone: run this there, or name it with --repo DIR.",
  );
  const folder = join(root, path ?? "");
  if (!(await isFolder(folder))) throw new UserError("no-repo", `there is no folder ${folder}`);
  const fleet = await fleetIn(folder);
  if (environment === undefined)
    return { folder, prefix: "", fleets: fleet === undefined ? [] : [fleet] };
  await checkEnvironment(folder, environment);
  return {
    folder,
    environment,
    prefix: `environments/${environment}/`,
    fleets: fleet === undefined ? [] : [`${fleet}-${environment}`, fleet],
  };
}

/** The fleets whose keys may be needed for all of a repo; of one environment for that. */
export const fleetsOf = (
  { fleets, environment }: SecretsPlace,
  environments: readonly string[],
): readonly string[] =>
  environment === undefined
    ? [...fleets, ...fleets.flatMap((fleet) => environments.map((one) => `${fleet}-${one}`))]
    : fleets;

async function checkEnvironment(folder: string, environment: string): Promise<void> {
  const items = await readdir(join(folder, "environments"), { withFileTypes: true }).catch(
    () => [],
  );
  const known = items.filter((item) => item.isDirectory()).map(({ name }) => name);
  if (known.includes(environment)) return;
  throw new UserError(
    "not-found",
    `there is no environment '${printableLine(environment)}'${didYouMean(environment, known)}`,
    known.length === 0 ? "There is no folder environments/." : `There are: ${known.join(", ")}`,
  );
}

/** What slipway.yaml calls the fleet, whatever else is in it. */
async function fleetIn(folder: string): Promise<string | undefined> {
  const bytes = await readFile(join(folder, "slipway.yaml")).catch(() => undefined);
  const node = bytes && parseFile("slipway.yaml", bytes).root?.entries.get("fleet")?.node;
  const name = node?.kind === "scalar" ? node.source : undefined;
  return name !== undefined && /^[a-z0-9][a-z0-9-]*$/.test(name) ? name : undefined;
}

const isFolder = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
