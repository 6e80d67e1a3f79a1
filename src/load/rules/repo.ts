import type {
  MachineDocument,
  RegistryLogin,
  ShippedFile,
  TemplateParts,
} from "../../model/documents.ts";
import type { SealedValue } from "../../model/sealed.ts";
import { readingOn, type Family, type Member } from "../expand.ts";
import type { Report } from "../findings.ts";
import type { Machine } from "../machine.ts";
import type { Proxies } from "../proxies.ts";
import type { FoundRoute } from "../routes.ts";
import type { Secrets } from "../secrets.ts";
import type { Selection } from "../select.ts";
import type { Settings } from "../settings.ts";

/** A machine with what its files stand for. */
export type FoundMachine = Machine & Pick<MachineDocument, "ships" | "secrets">;

/** An app with what was worked out about it. */
export interface PlacedApp extends Member, Selection {
  readonly ships: ReadonlyMap<string, readonly ShippedFile[]>;
  readonly secrets: ReadonlyMap<string, SealedValue>;
  readonly templates: ReadonlyMap<string, TemplateParts>;
  readonly routes: readonly FoundRoute[];
}

/**
 * All that could be read: what the rules hold against each other. What could not is in it by its name, and unknown; a
 * rule concludes nothing from that. Maps are in order of name.
 */
export interface Repo {
  readonly machines: ReadonlyMap<string, FoundMachine>;
  readonly families: ReadonlyMap<string, Family>;
  readonly settings: Settings;
  readonly apps: readonly PlacedApp[];
  readonly secrets: Secrets;
  readonly proxies: Proxies;
  /** By the registry's host. */
  readonly logins: ReadonlyMap<string, RegistryLogin>;
  /** Whether there are some that not even the names are known of. */
  readonly unlisted: { readonly machines: boolean; readonly apps: boolean };
}

/** One thing that would hurt, found in all places where it stands. */
export type Rule = (repo: Repo, report: Report) => void;

/** How many run on a machine; undefined where that could not be read. */
export function instancesOn(app: Member, machine: string): number | undefined {
  const { fields, knows } = readingOn(app, machine);
  return knows(["instances"]) ? (fields.instances ?? 1) : undefined;
}

/** The apps of each family, in order of name. */
export const appsByFamily = (
  apps: readonly PlacedApp[],
): ReadonlyMap<string, readonly PlacedApp[]> => Map.groupBy(apps, ({ family }) => family);

/** `web-1`, or `web-1 and 3 more machines`: what is found on many alike is said once. */
export function inShort([first = "", ...others]: readonly string[]): string {
  if (others.length === 0) return first;
  return `${first} and ${others.length} more ${others.length === 1 ? "machine" : "machines"}`;
}

/** `apps/shop/app.yaml:12`, to point at a second place. */
export const placeOf = ({ file, line }: { readonly file: string; readonly line: number }): string =>
  `${file}:${line}`;
