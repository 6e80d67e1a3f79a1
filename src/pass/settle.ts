import type { AppDocument, Documents } from "../model/documents.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Trouble } from "../model/outcome.ts";
import { resolveImages, type ResolvedImages } from "../observe/images.ts";
import { targetsOf } from "./targets.ts";
import type { World } from "./world.ts";

/** What the image texts of these apps mean. */
export async function settleImages(
  world: World,
  documents: Documents,
  apps: readonly AppDocument[],
  seen: {
    readonly inventories: ReadonlyMap<string, Inventory>;
    readonly observations: ReadonlyMap<string, Observation>;
  },
  options: { readonly looksAgain: boolean; readonly asked: Map<string, Promise<string | Trouble>> },
): Promise<ResolvedImages> {
  const targets = targetsOf(documents);
  const wishes = apps.flatMap((app) =>
    app.fields.image === undefined
      ? []
      : {
          app: app.name,
          family: app.family,
          text: app.fields.image,
          machines: app.machines,
          again: options.looksAgain && app.fields.pull === "always",
        },
  );
  const answers = [...seen.observations].filter(([, o]) => o.facts !== undefined);
  const answering = new Set(answers.map(([machine]) => machine));
  const open = async (machine: string): ReturnType<World["remote"]["session"]> => {
    const target = targets.get(machine);
    if (target === undefined) throw new Error(`no machine ${machine}`);
    return await world.remote.session(target);
  };
  return await resolveImages(wishes, seen.inventories, answering, open, options.asked);
}
