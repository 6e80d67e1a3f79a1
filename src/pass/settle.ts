import { imageTextsOf } from "../desired/names.ts";
import { proxiesFor, proxyImageIn, proxyMachines } from "../desired/proxies.ts";
import type { ProxyState } from "../kinds/index.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import { familiarName, repositoryOf } from "../lib/image-name.ts";
import { imageKey } from "../model/image.ts";
import type { Inventory } from "../model/inventory.ts";
import { liveOf, type Observation } from "../model/observation.ts";
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
  const { asked, loginOf } = options;
  const { answering, open } = engines(world, documents, seen.observations);
  const lacks = (machine: string): string | undefined => seen.observations.get(machine)?.lacks;
  return await resolveImages(wishes, seen.inventories, answering, open, asked, loginOf, lacks);
}

const proxies = "the proxies";

/**
 * What the name of the proxies' image means: what it meant for any of them before, so that none is replaced because a tag
 * moved, else what an engine finds out. Undefined: nobody could say, or there is to be none.
 */
export async function settleProxyImage(
  world: World,
  documents: Documents,
  apps: readonly AppDocument[],
  observations: ReadonlyMap<string, Observation>,
  { asked, loginOf }: Pick<Parameters<typeof settleImages>[4], "asked" | "loginOf">,
): Promise<string | undefined> {
  const text = proxyImageIn(documents);
  const known = text.includes("@sha256:") ? text : meantBefore(text, observations);
  if (known !== undefined) return known;
  const machines = proxyMachines(proxiesFor(documents, apps));
  if (machines.length === 0) return undefined;
  const wish = { app: proxies, family: "", text, machines, again: false };
  const { answering, open } = engines(world, documents, observations);
  const found = await resolveImages([wish], new Map(), answering, open, asked, loginOf);
  return found.references.get(imageKey(proxies, text));
}

function meantBefore(
  text: string,
  observations: ReadonlyMap<string, Observation>,
): string | undefined {
  for (const observation of observations.values()) {
    const live = liveOf(observation, "machine/proxy", "");
    const meaning = live.state === "present" ? (live.value as ProxyState).meaning : undefined;
    if (meaning?.text === text && isMeantBy(text, meaning.reference)) return meaning.reference;
  }
  return undefined;
}

/** No machine's file makes others run an image of somebody else's. */
function isMeantBy(text: string, reference: string): boolean {
  const [name = "", digest] = familiarName(reference).split("@");
  const isOwn = name === familiarName(repositoryOf(text));
  return /^sha256:[0-9a-f]{64}$/.test(digest === undefined ? name : isOwn ? digest : "");
}

/** Machines whose engines may answer, and how their engines are asked. */
function engines(
  world: World,
  documents: Documents,
  observations: ReadonlyMap<string, Observation>,
): {
  readonly answering: ReadonlySet<string>;
  open(machine: string): ReturnType<World["remote"]["session"]>;
} {
  const targets = targetsOf(documents);
  const answers = [...observations].filter(
    ([, o]) => o.facts !== undefined && o.lacks === undefined,
  );
  return {
    answering: new Set(answers.map(([machine]) => machine)),
    open: async (machine) => {
      const target = targets.get(machine);
      if (target === undefined) throw new Error(`no machine ${machine}`);
      return await world.remote.session(target);
    },
  };
}
