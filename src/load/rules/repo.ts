import type { MachineDocument, ShippedFile } from "../../model/documents.ts";
import type { Family, Member } from "../expand.ts";
import type { Report } from "../findings.ts";

/** An app with what was worked out about it. */
export interface PlacedApp extends Member {
  readonly machines: readonly string[];
  readonly ships: ReadonlyMap<string, readonly ShippedFile[]>;
}

/** All that is right by itself: what the rules hold against each other. Maps are in order of name. */
export interface Repo {
  readonly machines: ReadonlyMap<string, MachineDocument>;
  /** Also those whose files are not right. */
  readonly machineNames: ReadonlySet<string>;
  readonly families: ReadonlyMap<string, Family>;
  readonly familyNames: ReadonlySet<string>;
  readonly apps: readonly PlacedApp[];
}

/** One thing that would hurt, found in all places where it stands. */
export type Rule = (repo: Repo, report: Report) => void;

export const instancesOn = (app: PlacedApp, machine: string): number =>
  (app.perMachine.get(machine) ?? app.fields).instances ?? 1;

/** `apps/shop/app.yaml:12`, to point at a second place. */
export const placeOf = ({ file, line }: { readonly file: string; readonly line: number }): string =>
  `${file}:${line}`;
