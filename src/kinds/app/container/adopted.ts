import { bytesOfText } from "../../../lib/bytes.ts";
import { canonicalJson, isObject, textOfJson, type Json } from "../../../lib/json.ts";
import type { Field } from "../../../model/change.ts";
import type { Adopted } from "../../../model/inventory.ts";
import { Unreadable } from "../../../model/live.ts";
import type { Answers } from "../../../model/query.ts";
import { fingerprint, keyForDisplay } from "../../../model/secret.ts";
import type { About } from "../../kind.ts";
import { originLabels } from "../../shared/container/body.ts";
import { fieldDifferences } from "../../shared/container/differences.ts";
import { fieldsOf, inheritable, type Fields } from "../../shared/container/fields.ts";
import { handFields, inheritedFields, withLabels } from "../../shared/container/hand.ts";
import {
  labelOf,
  nameOf,
  readContainer,
  readDeclared,
  type LiveContainer,
} from "../../shared/container/live.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { label } from "../../shared/labels.ts";
import { optionalNumber, stringAt, stringsAt } from "../../shared/reader.ts";
import {
  byId,
  byName,
  isTold,
  namesOf,
  untoldIds,
  wishesOf,
  withImages,
  type Wish,
} from "./adopted-queries.ts";

/** What is known of a container that was there before us. */
export interface AdoptedFrom {
  /** Its own name. */
  readonly name: string;
  /** It was seen to be as declared, and its record says what that was. */
  readonly isKnown: boolean;
  /** Of one that is not known yet, by variable: under the machine's key. */
  readonly prints: Readonly<Record<string, string>>;
  /** Of one that is not known yet: what it has from its image. */
  readonly given: Fields;
  /** What its image came as, `name@sha256:…`. */
  readonly digests: readonly string[];
  /** Its share of processors was given in a way in which the engine cannot change it. */
  readonly hasFixedCpus: boolean;
  /** Networks of ours that it is on. */
  readonly joined: readonly string[];
}

export type AdoptedContainer = LiveContainer & { readonly adopted: AdoptedFrom };

export const isAdopted = <T extends LiveContainer & { readonly adopted?: AdoptedFrom }>(
  container: T,
): container is T & AdoptedContainer => container.adopted !== undefined;

export interface FoundAdopted {
  readonly app: string;
  readonly family: string;
  readonly instance: number;
  readonly container: AdoptedContainer;
}

/** Containers without labels of ours that are an instance all the same: as their record says, or as HEAD wants it. */
export function readAdopted(answers: Answers, about: About): readonly FoundAdopted[] {
  const wishes = wishesOf(about);
  if (about.adopted === undefined) {
    if (wishes.length === 0) return [];
    throw new Unreadable("the machine's record does not tell what was taken over");
  }
  const recorded = readRecorded(answers, about, about.adopted);
  const there = recorded.filter(({ container }) => container.status !== "removing");
  const known = new Set(there.map(({ container }) => container.adopted.name));
  const ids = new Set(recorded.map(({ container }) => container.id));
  const names = namesOf(about);
  const images = names.length === 0 ? [] : answers.each(withImages(byName(names)));
  const found = names.length === 0 ? [] : answers.each(byName(names));
  const others = found.flatMap((inspect): readonly FoundAdopted[] => {
    const wish = wishes.find(({ name }) => name === nameOf(inspect));
    if (wish === undefined || labelOf(inspect, label.fleet) !== undefined) return [];
    if (known.has(wish.name) || ids.has(stringAt(inspect, "Id"))) return [];
    const { name: _, ...place } = wish;
    return [{ ...place, container: unknownContainer(inspect, images, wish, about) }];
  });
  return [...others, ...recorded];
}

function readRecorded(
  answers: Answers,
  about: About,
  adopted: NonNullable<About["adopted"]>,
): readonly FoundAdopted[] {
  const [ids, untold] = [Object.keys(adopted), untoldIds(adopted)];
  const images = untold.length === 0 ? [] : answers.each(withImages(byId(untold)));
  const found = ids.length === 0 ? [] : answers.each(byId(ids));
  return found.flatMap((inspect) => {
    const record = adopted[stringAt(inspect, "Id")];
    if (record === undefined) return [];
    const wish = wishesOf(about).find(({ name }) => name === record.name);
    const { app, family, instance } = wish ?? record;
    const container = isTold(record)
      ? knownContainer(inspect, record, about)
      : unknownContainer(inspect, images, { app, family, name: record.name }, about);
    return [{ app, family, instance, container }];
  });
}

function unknownContainer(
  inspect: Json,
  images: readonly Json[],
  { app, family, name }: Pick<Wish, "app" | "family" | "name">,
  about: About,
): AdoptedContainer {
  const image = images.find((one) => stringAt(one, "Id") === stringAt(inspect, "Image"));
  const { key = keyForDisplay } = about;
  const live = readContainer(withLabels(inspect, { [label.app]: app, [label.family]: family }));
  const fields = handFields(inspect, image);
  const variables = Object.entries(fields).filter(([path]) => path.startsWith("env."));
  return {
    ...live,
    spec: "",
    fields,
    adopted: {
      name,
      isKnown: false,
      prints: Object.fromEntries(
        variables.map(([path, value]) => [path, fingerprint(bytesOfText(textOfJson(value)), key)]),
      ),
      given: inheritedFields(inspect, image),
      digests: stringsAt(image, "RepoDigests"),
      ...kept(inspect, about.fleet, live),
    },
  };
}

function knownContainer(inspect: Json, record: Adopted, about: About): AdoptedContainer {
  const { app, family, name, labels } = record;
  const told = withLabels(inspect, { ...labels, [label.app]: app, [label.family]: family });
  const live = readContainer(told);
  const declared = readDeclared(told);
  const own = Object.entries(handFields(told, undefined)).filter(
    ([path]) => !inheritable(path) || declared === undefined || declared.has(path),
  );
  return {
    ...live,
    // As it was understood, since a tag says nothing of what runs.
    image: labels[label.digest] ?? live.imageId,
    fields: Object.fromEntries(own),
    adopted: {
      name,
      isKnown: true,
      prints: {},
      given: {},
      digests: [],
      ...kept(inspect, about.fleet, live),
    },
  };
}

const kept = (
  inspect: Json,
  fleet: string,
  { networks, family }: LiveContainer,
): Pick<AdoptedFrom, "hasFixedCpus" | "joined"> => ({
  hasFixedCpus: (optionalNumber(inspect, "HostConfig", "NanoCpus") ?? 0) > 0,
  joined: networks.filter((n) => n === `slipway-${fleet}` || n === `slipway-${fleet}-${family}`),
});

/** What it lacks of what any container of ours has, or has besides: it gets that with its next deploy, and until then nobody misses it. */
function isLeftAsItIs({ path, declared, live }: Field, isOnHost: boolean): boolean {
  if (/^env\.SLIPWAY_(?:MACHINE|APP|INSTANCE)$|^volumes\.\/etc\/hosts$/.test(path))
    return live === undefined;
  if (path === "network") return declared !== "host" && live !== "host";
  if (path.startsWith("networks.")) return true;
  // There its name is the machine's, whatever it was told.
  if (path === "hostname") return isOnHost;
  if (path.startsWith("labels.")) return declared === undefined;
  return path.startsWith("logs.") && live === undefined;
}

/** What of a container that was made by hand is other than declared. What its variables hold is told of none. */
export function adoptedFields(
  want: ContainerSpec,
  live: AdoptedContainer,
  root: string,
): readonly Field[] {
  const isOnHost = want.networks === "host";
  return fieldDifferences(want, live.adopted.isKnown ? live : understood(want, live), root).filter(
    (field) => !isLeftAsItIs(field, isOnHost),
  );
}

/** In the words of what is wanted: a value that is the secret's is the secret, any other is nobody's business. */
function understood(want: ContainerSpec, live: AdoptedContainer): LiveContainer {
  const { prints, digests, given } = live.adopted;
  const declared = fieldsOf(want);
  const asGiven = Object.entries(given).filter(
    ([path, value]) =>
      live.fields[path] === undefined &&
      canonicalJson(declared[path] ?? null) === canonicalJson(value),
  );
  const isCleared = canonicalJson(declared["entrypoint"] ?? null) === "[]";
  const own = Object.entries(live.fields).map(([path, value]): [string, Json] => {
    const print = prints[path];
    const isAsWritten = want.env[path.slice("env.".length)] === value;
    return [path, print === undefined || isAsWritten ? value : { secret: print }];
  });
  const fields = [
    ...own,
    ...asGiven,
    ...(isCleared && live.fields["entrypoint"] === undefined && given["entrypoint"] === undefined
      ? [["entrypoint", []] as const]
      : []),
  ];
  const digestOf = (reference: string): string => reference.slice(reference.indexOf("@") + 1);
  const isSameImage = digests.some((one) => digestOf(one) === digestOf(want.image));
  return {
    ...live,
    fields: Object.fromEntries(fields) as Fields,
    image: isSameImage ? want.image : live.imageId,
  };
}

/** Whether it is what is wanted: as it was found to be, and once that was written down as long as nothing else is declared. */
export function isAsAdopted(
  want: ContainerSpec,
  specs: ReadonlySet<string>,
  live: AdoptedContainer,
): boolean {
  const { name, isKnown, hasFixedCpus } = live.adopted;
  // A proxy reaches it by an address that only a container of ours has for good.
  if (want.adopt !== name || want.proxied !== undefined) return false;
  if (hasFixedCpus && want.limits.cpus !== live.limits.cpus) return false;
  return isKnown ? specs.has(live.spec) : adoptedFields(want, live, "").length === 0;
}

/** What may be shown or stored of it: of one that is not known yet no variable. */
export const withoutVariables = (fields: Fields, { isKnown }: AdoptedFrom): Fields =>
  isKnown
    ? fields
    : Object.fromEntries(
        Object.entries(fields).map(([path, value]) => [
          path,
          path.startsWith("env.") && !isObject(value) ? "(hidden)" : value,
        ]),
      );

/** What is written down of a container that is there and was seen to be as declared; of any other only whose it is. */
export function recordOf(
  want: ContainerSpec | undefined,
  live: AdoptedContainer,
  known: Adopted | undefined,
): Adopted {
  const { name, isKnown } = live.adopted;
  const app = want?.app ?? known?.app ?? live.app;
  const family = want?.family ?? known?.family ?? live.family;
  const instance = want?.instance ?? known?.instance ?? 1;
  if (isKnown || want === undefined || !isAsAdopted(want, new Set(), live))
    return { app, family, instance, name, labels: known?.labels ?? {} };
  const told = originLabels(want);
  const kept = [label.spec, label.declared, label.secrets, label.image, label.served];
  const labels = Object.fromEntries(
    kept.flatMap((key) => (told[key] === undefined ? [] : [[key, told[key]]])),
  );
  return { app, family, instance, name, labels: { ...labels, [label.digest]: want.image } };
}
