import type { AppFields, AppFile } from "../generated/app.ts";
import type { Where } from "../model/diagnostic.ts";
import type { Locator } from "../model/documents.ts";
import { check, idleNullReporter, type Assembled, type Assembly } from "./layers.ts";
import { mergeMaps, without } from "./merge.ts";
import { locatorOf, mapAt, whereOf, type MapNode } from "./node.ts";
import { plainOf } from "./plain.ts";

/** One app file, checked, and the apps that it gives. */
export interface Family {
  readonly name: string;
  /** `apps`, or `apps/<name>`. */
  readonly folder: string;
  readonly file: AppFile;
  readonly at: Locator;
  readonly members: readonly Member[];
}

/** One app: the file itself, or one of its services. */
export interface Member {
  readonly name: string;
  readonly family: string;
  readonly service?: string;
  readonly fields: AppFields;
  readonly perMachine: ReadonlyMap<string, AppFields>;
  readonly at: Locator;
  /** Where a field differs on one machine, or where it stands for all. */
  readonly atOn: (machine: string, path: readonly (string | number)[]) => Where;
}

/** Undefined where the merged file is not right, with findings. */
export function expandFamily({ name, folder, root }: Assembled, by: Assembly): Family | undefined {
  if (root === undefined || !check("app", root, false, by)) return undefined;
  const members = membersOf(name, root, by);
  if (members === undefined) return undefined;
  const file = plainOf(root, by.validators.of("app").textPaths) as unknown as AppFile;
  return { name, folder, file, at: locatorOf(root), members };
}

function membersOf(family: string, root: MapNode, by: Assembly): readonly Member[] | undefined {
  const shared = without(root, "services");
  const services = mapAt(root, ["services"]);
  if (services === undefined) return allOrNothing([memberOf({ name: family, family }, shared, by)]);
  const members = [...services.entries].map(([service, entry]) => {
    const name = service === family ? family : `${family}-${service}`;
    const own = entry.node.kind === "map" ? entry.node : undefined;
    const merged =
      own === undefined ? shared : mergeMaps(shared, own, idleNullReporter(by.findings));
    return memberOf({ name, family, service }, { ...merged, at: entry.keyAt }, by);
  });
  return allOrNothing(members);
}

const allOrNothing = (members: readonly (Member | undefined)[]): readonly Member[] | undefined => {
  const right = members.filter((member) => member !== undefined);
  return right.length === members.length ? right : undefined;
};

function memberOf(
  names: Pick<Member, "name" | "family" | "service">,
  root: MapNode,
  by: Assembly,
): Member | undefined {
  const own = without(root, "perMachine");
  const fields = fieldsOf(own, by);
  const overrides = [...(mapAt(root, ["perMachine"])?.entries ?? [])].map(([machine, entry]) => {
    const merged = entry.node.kind === "map" ? mergeMaps(own, entry.node) : own;
    return [machine, fieldsOf(merged, by), merged] as const;
  });
  if (fields === undefined || overrides.some(([, different]) => different === undefined))
    return undefined;
  const roots = new Map(overrides.map(([machine, , merged]) => [machine, merged]));
  return {
    ...names,
    fields,
    perMachine: new Map(overrides.map(([machine, different]) => [machine, different ?? fields])),
    at: locatorOf(root),
    atOn: (machine, path) => whereOf(roots.get(machine) ?? root, path),
  };
}

function fieldsOf(root: MapNode, by: Assembly): AppFields | undefined {
  if (!check("service", root, false, by)) return undefined;
  return plainOf(root, by.validators.of("service").textPaths) as unknown as AppFields;
}

/** What an app holds on one machine. */
export const fieldsOn = (app: Pick<Member, "fields" | "perMachine">, machine: string): AppFields =>
  app.perMachine.get(machine) ?? app.fields;

/** Every form that an app takes somewhere: as declared for all, and on single machines. */
export const variantsOf = (
  app: Member,
): readonly { readonly fields: AppFields; readonly at: Locator }[] => [
  { fields: app.fields, at: app.at },
  ...[...app.perMachine].map(([machine, fields]) => ({
    fields,
    at: (path: Parameters<Locator>[0]) => app.atOn(machine, path),
  })),
];
