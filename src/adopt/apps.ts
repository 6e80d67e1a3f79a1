import { stringify } from "yaml";
import { canonicalJson } from "../lib/json.ts";
import { say, type Said } from "./fields.ts";
import { composeOf, nameOf, type Found } from "./found.ts";
import { notesOf, obstaclesOf } from "./obstacles.ts";
import { freeName, keyFrom } from "./naming.ts";

/** An app's file to be written, and what is to be sealed for it. */
export interface NewApp {
  readonly name: string;
  /** The containers that it takes over. */
  readonly containers: readonly string[];
  readonly text: string;
  /** By key in `secrets/<name>.yaml`. */
  readonly secrets: ReadonlyMap<string, string>;
  /** By container: what it has until its next deploy, and no longer. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
}

export interface LeftOut {
  readonly container: string;
  readonly why: readonly string[];
}

export interface Translated {
  readonly apps: readonly NewApp[];
  readonly leftOut: readonly LeftOut[];
}

export interface Place {
  readonly machine: string;
  /** Names that are not free: of machines, apps, files. */
  readonly taken: ReadonlySet<string>;
  /** The editor's schema, from the file. */
  readonly schema?: string;
}

interface Member {
  readonly service?: string;
  readonly said: Said;
  readonly adopt: readonly string[];
}

/** Containers as apps: those of one Compose project as the services of one, any other by itself. */
export function translate(all: readonly Found[], place: Place): Translated {
  const leftOut: LeftOut[] = [];
  const usable = all.filter((found) => {
    const why = obstaclesOf(found);
    if (why.length > 0) leftOut.push({ container: nameOf(found), why });
    return why.length === 0;
  });
  const taken = new Set(place.taken);
  const groups = Map.groupBy(usable, (found) => composeOf(found)?.project ?? `/${nameOf(found)}`);
  const apps = [...groups].map(([group, own]): NewApp => {
    const name = freeName(group.replace(/^\//, ""), taken, place.machine);
    taken.add(name);
    const volumeKey = keyFrom(group);
    const { members, unlike } = membersOf(own, volumeKey);
    leftOut.push(...unlike);
    for (const { service } of members) if (service !== undefined) taken.add(`${name}-${service}`);
    const notes = new Map(
      own.flatMap((found) => {
        const of = members.find(({ adopt }) => adopt.includes(nameOf(found)));
        const told = of === undefined ? [] : notesOf(found, of.said.unsaid);
        return told.length === 0 ? [] : [[nameOf(found), told] as const];
      }),
    );
    return fileOf(name, members, notes, place);
  });
  return {
    apps: apps.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    leftOut: leftOut.toSorted((a, b) => (a.container < b.container ? -1 : 1)),
  };
}

/** Containers of one service are its instances, as far as they are alike. */
function membersOf(
  group: readonly Found[],
  volumeKey: (engineName: string, path: string) => string,
): { readonly members: readonly Member[]; readonly unlike: readonly LeftOut[] } {
  const unlike: LeftOut[] = [];
  const services = Map.groupBy(group, (found) => composeOf(found)?.service ?? "");
  const names = new Set<string>();
  const members = [...services]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, own]): Member => {
      const inOrder = own.toSorted(
        (a, b) => (composeOf(a)?.number ?? 1) - (composeOf(b)?.number ?? 1),
      );
      const all = inOrder.map((found) => ({ found, said: say(found, volumeKey) }));
      const [first] = all;
      if (first === undefined) throw new Error("a group of nobody");
      const alike = all.filter(({ said }) => isAlike(said, first.said));
      for (const { found } of all.filter((one) => !alike.includes(one)))
        unlike.push({
          container: nameOf(found),
          why: [`it is not like ${nameOf(first.found)}, of the same service`],
        });
      const name = freeName(service, names);
      names.add(name);
      return {
        said: first.said,
        adopt: alike.map(({ found }) => nameOf(found)),
        ...(services.size > 1 ? { service: name } : {}),
      };
    });
  return { members, unlike };
}

const isAlike = (a: Said, b: Said): boolean => canonicalJson(plain(a)) === canonicalJson(plain(b));

const plain = ({ fields, secrets }: Said) => ({ fields, secrets: Object.fromEntries(secrets) });

function fileOf(
  name: string,
  members: readonly Member[],
  notes: NewApp["notes"],
  { machine, schema }: Place,
): NewApp {
  const sealed = new Map<string, string>();
  const parts = members.map((member) => [member.service, partOf(member, sealed)] as const);
  const [only] = parts;
  const document =
    only !== undefined && only[0] === undefined
      ? { machines: machine, ...only[1] }
      : { machines: machine, services: Object.fromEntries(parts) };
  const head = [
    ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`]),
    ...[...notes].flatMap(([container, texts]) =>
      texts.map(
        (text) => `# ${container} has until its next deploy: ${text.replaceAll(/\s+/g, " ")}`,
      ),
    ),
  ];
  return {
    name,
    containers: members.flatMap(({ adopt }) => adopt),
    text: [...head, stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })].join("\n"),
    secrets: sealed,
    notes,
  };
}

function partOf({ service = "", said, adopt }: Member, sealed: Map<string, string>) {
  const secrets = [...said.secrets].map(([variable, value]) => {
    const key = secretKey(variable, service, (one) => (sealed.get(one) ?? value) === value);
    sealed.set(key, value);
    return key === variable ? key : { [variable]: key };
  });
  const { image, ...rest } = said.fields;
  const [first, ...others] = adopt;
  return {
    image,
    adopt: others.length === 0 ? first : adopt,
    ...(others.length === 0 ? {} : { instances: adopt.length }),
    ...rest,
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

/** A key that another service has for another value gets the service before it, and a number where that is not enough. */
function secretKey(variable: string, service: string, isFree: (key: string) => boolean): string {
  const own = variable.replaceAll(/[^A-Za-z0-9_-]/g, "_");
  if (isFree(own)) return own;
  const prefixed = service === "" ? own : `${service.toUpperCase().replaceAll("-", "_")}_${own}`;
  let key = prefixed;
  for (let n = 2; !isFree(key); n++) key = `${prefixed}_${n}`;
  return key;
}
