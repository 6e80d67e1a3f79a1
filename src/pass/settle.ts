import { imageTextsOf } from "../desired/names.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Trouble } from "../model/outcome.ts";
import {
  resolveImages,
  type ImageWish,
  type LoginOf,
  type ResolvedImages,
} from "../observe/images.ts";
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
  options: {
    readonly looksAgain: boolean;
    readonly asked: Map<string, Promise<string | Trouble>>;
    /** What texts meant in the revision that a family returns to, or that is reverted to. */
    readonly meant?: (family: string) => Readonly<Record<string, string>> | undefined;
    readonly loginOf: LoginOf;
    /** Families of which nothing new may be tried: nobody looks again what their texts mean. */
    readonly stays?: (family: string) => boolean;
  },
): Promise<ResolvedImages> {
  const targets = targetsOf(documents);
  const wishes = apps.flatMap((app) =>
    [...imageTextsOf(app)].map(([text, machines]): ImageWish => {
      const meant = options.meant?.(app.family)?.[text];
      return {
        app: app.name,
        family: app.family,
        text,
        machines,
        again:
          options.looksAgain &&
          app.fields.pull === "always" &&
          options.stays?.(app.family) !== true,
        ...(meant === undefined ? {} : { meant }),
      };
    }),
  );
  const answers = [...seen.observations].filter(([, o]) => o.facts !== undefined);
  const answering = new Set(answers.map(([machine]) => machine));
  const open = async (machine: string): ReturnType<World["remote"]["session"]> => {
    const target = targets.get(machine);
    if (target === undefined) throw new Error(`no machine ${machine}`);
    return await world.remote.session(target);
  };
  const { asked, loginOf } = options;
  return await resolveImages(wishes, seen.inventories, answering, open, asked, loginOf);
}
