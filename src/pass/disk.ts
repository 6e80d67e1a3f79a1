import {
  kindOf,
  type ImageSpec,
  type ImageState,
  type SwapSpec,
  type SwapState,
} from "../kinds/index.ts";
import { familiarName, repositoryOf } from "../lib/image-name.ts";
import type { Change } from "../model/change.ts";
import { liveOf, type Observation } from "../model/observation.ts";
import { changesOf } from "../model/plan.ts";
import type { Shortage } from "../model/shortage.ts";
import type { Survey } from "./survey.ts";

type Look = Pick<Survey, "plan" | "resources" | "observations">;

interface Need {
  readonly what: string;
  /** Undefined: nobody knows. */
  readonly bytes?: number;
}

/** So much is to stay free for the machine itself, as where swap is made. */
const sparedBytes = 256 * 1024 * 1024;

/**
 * Machines on whose disk there is no room for what the plan brings: images, and swap. A registry does not tell how large an
 * image is once it is unpacked; another machine that has it does, else the one of the same name that the machine has now.
 */
export function diskShortages({ plan, resources, observations }: Look): readonly Shortage[] {
  const specs = new Map(resources.map(({ address, spec }) => [address, spec]));
  const bringing = changesOf(plan).filter(({ kind }) => kind === imageKind || kind === swapKind);
  return [...Map.groupBy(bringing, ({ machine }) => machine)].flatMap(
    ([machine, own]): readonly Shortage[] => {
      const free = observations.get(machine)?.facts?.diskAvailableBytes;
      const needs = own.flatMap((change) =>
        needOf(change, specs.get(change.address), observations),
      );
      const each = [...new Map(needs.map((need) => [need.what, need])).values()];
      const known = each.filter(({ bytes = 0 }) => bytes > 0);
      const declared = known.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
      if (free === undefined || declared === 0 || declared + sparedBytes <= free) return [];
      const unknown = each.filter(({ bytes }) => bytes === undefined).map(({ what }) => what);
      return [
        { machine, of: "disk", declared, total: free, for: known.map(({ what }) => what), unknown },
      ];
    },
  );
}

const imageKind = kindOf("app/image").id;
const swapKind = kindOf("machine/swap").id;

function needOf(
  { kind, machine }: Change,
  spec: unknown,
  observations: Look["observations"],
): readonly Need[] {
  if (spec === undefined) return [];
  if (kind === imageKind) return [imageNeed(spec as ImageSpec, machine, observations)];
  const live = liveOf(observations.get(machine), swapKind, "");
  const had = live.state === "present" ? ((live.value as SwapState).bytes ?? 0) : 0;
  return [{ what: "swap", bytes: (spec as SwapSpec).bytes - had }];
}

function imageNeed(
  { text, reference }: ImageSpec,
  machine: string,
  observations: Look["observations"],
): Need {
  const key = familiarName(reference);
  const elsewhere = [...observations.values()].flatMap((one) =>
    sizeIn(one, (name) => name === key),
  );
  const name = familiarName(repositoryOf(reference));
  const formerly = sizeIn(observations.get(machine), (one) => repositoryOf(one) === name);
  const sizes = elsewhere.length > 0 ? elsewhere : formerly;
  const what = `image ${text}`;
  return sizes.length === 0 ? { what } : { what, bytes: Math.max(...sizes) };
}

function sizeIn(
  observation: Observation | undefined,
  isMeant: (name: string) => boolean,
): readonly number[] {
  const images = observation?.kinds.get(imageKind);
  if (images?.state !== "present") return [];
  return [...images.value].flatMap(([name, state]) =>
    isMeant(name) ? ((state as ImageState).bytes ?? []) : [],
  );
}
