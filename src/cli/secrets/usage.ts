import { createParseCache, load } from "../../load/load.ts";
import type { Documents } from "../../model/documents.ts";
import type { SealedValue } from "../../model/sealed.ts";
import type { Context } from "../command.ts";
import { fleetsIn } from "../fleets.ts";
import { snapshotOnDisk } from "../working-tree.ts";

export interface Use {
  /** An app's name, `machine web-1`, or `registry ghcr.io`. */
  readonly by: string;
  readonly environment?: string;
}

export interface Usage {
  /** By `usageKey`. */
  readonly uses: ReadonlyMap<string, readonly Use[]>;
  /** Environments that have mistakes, so that their apps are not known; `""` for the root. */
  readonly unknown: readonly string[];
}

/** A value where it stands: the environment's is another one than the root's. */
export const usageKey = (file: string, name: string): string => `${file} ${name}`;

/** Which apps, machines and registries refer to what, in the root and every environment. */
export async function usageOf(context: Context): Promise<Usage> {
  const snapshot = await snapshotOnDisk(context);
  const cache = createParseCache();
  const { environment: only } = context.options;
  const fleets = only === undefined ? fleetsIn(snapshot) : [only];
  const uses = new Map<string, Use[]>();
  const unknown: string[] = [];
  for (const environment of fleets) {
    const wish = environment === undefined ? {} : { environment };
    const { documents } = await load(snapshot, { cache, ...wish });
    if (documents === undefined) unknown.push(environment ?? "");
    else
      for (const [by, { where, name }] of referencesIn(documents)) {
        const key = usageKey(where.file, name);
        uses.set(key, [...(uses.get(key) ?? []), { by, ...wish }]);
      }
  }
  return { uses, unknown };
}

/** Each by whom it is made, once for every value. */
function referencesIn({
  apps,
  machines,
  logins,
}: Documents): readonly (readonly [string, SealedValue])[] {
  const ofApps = [...apps.values()].flatMap(({ name, secrets }) => {
    const byName = new Map([...secrets.values()].map((value) => [value.name, value] as const));
    return [...byName.values()].map((value) => [name, value] as const);
  });
  const ofLogins = [...logins].map(
    ([host, { password }]) => [`registry ${host}`, password] as const,
  );
  const ofMachines = [...machines.values()].flatMap(({ name, secrets }) =>
    [...secrets.values()].map((value) => [`machine ${name}`, value] as const),
  );
  return [...ofApps, ...ofMachines, ...ofLogins];
}
