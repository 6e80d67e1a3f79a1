import type { AppFields, AppFile } from "../generated/app.ts";
import type { MachineFile } from "../generated/machine.ts";
import type { SlipwayFile } from "../generated/slipway.ts";
import type { Where } from "./diagnostic.ts";
import type { PlacedRoute } from "./routes.ts";
import type { SealedValue } from "./sealed.ts";

/**
 * Finds where a value of a document was written, by path of keys and indexes: in the file that won. What was not
 * written is found at the nearest key above it.
 */
export type Locator = (path: readonly (string | number)[]) => Where;

export interface MachineDocument {
  readonly name: string;
  readonly fields: MachineFile & { readonly address: string };
  /** What each source named in `files` stands for, by the source as it is declared. */
  readonly ships: ReadonlyMap<string, ShippedFile>;
  /** What its references to secrets mean, by the reference as it is declared. */
  readonly secrets: ReadonlyMap<string, SealedValue>;
  readonly at: Locator;
}

/** A file of the repo that an app ships: content by blob id, path as in the repo. */
export interface ShippedFile {
  /** Relative to the declared source folder; "" when the source is a file. */
  readonly path: string;
  readonly blob: string;
  readonly executable: boolean;
}

/**
 * One app after merging (defaults < file < environment < service); a file with `services` gives several.
 */
export interface AppDocument {
  /** `shop`, or `shop-worker` for service `worker`. */
  readonly name: string;
  /** The app file's name: what rolls together, and what `after`, `logs`, `ps` take. */
  readonly family: string;
  /** The service's key, where the file has services. */
  readonly service?: string;
  readonly fields: AppFields;
  /** The same, merged with `perMachine` for each machine named there. */
  readonly perMachine: ReadonlyMap<string, AppFields>;
  /** Where it runs: names, sorted. */
  readonly machines: readonly string[];
  /** What each source named in `files` (on any machine) stands for, by the source as it is declared. */
  readonly ships: ReadonlyMap<string, readonly ShippedFile[]>;
  /** What its references to secrets (on any machine) mean, by the reference as it is declared: `DB_PASSWORD`, `billing.KEY`. */
  readonly secrets: ReadonlyMap<string, SealedValue>;
  /** The parts of files that are templates (`{ from, template: true }`), by the source as it is declared. */
  readonly templates: ReadonlyMap<string, TemplateParts>;
  /** On any machine, one for each host; what is not to be done anywhere is among them. */
  readonly routes: readonly PlacedRoute[];
  readonly at: Locator;
}

/** A template in its parts: text, and references to secrets as they are declared. */
export type TemplateParts = readonly (string | { readonly ref: string })[];

/** A login at a registry. */
export interface RegistryLogin {
  readonly user: string;
  readonly password: SealedValue;
}

/** A revision's documents: typed, merged, cross-checked. Maps are in order of name. */
export interface Documents {
  readonly revision: string;
  /** The fleet's name, with the environment: `acme-staging`. */
  readonly fleet: string;
  readonly settings: SlipwayFile & { readonly fleet: string };
  readonly settingsAt: Locator;
  readonly machines: ReadonlyMap<string, MachineDocument>;
  readonly apps: ReadonlyMap<string, AppDocument>;
  /** The merged app file of each family as plain data, without `machines` and `instances`: what its digest is made of. */
  readonly families: ReadonlyMap<string, { readonly file: AppFile; readonly at: Locator }>;
  /** Logins by the registry's host as image names have it: `ghcr.io`, `localhost:5000`, `docker.io`. */
  readonly logins: ReadonlyMap<string, RegistryLogin>;
  /** Everything under `secrets/` that is encrypted, by full reference. */
  readonly sealed: ReadonlyMap<string, SealedValue>;
}
