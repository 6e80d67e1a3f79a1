import { Unreadable } from "../../../model/live.ts";
import type { Answers } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { labelOf, nameOf, readContainer, type LiveContainer } from "../../shared/container/live.ts";
import { parseName, type Role } from "../../shared/container/names.ts";
import { containersQuery } from "../../shared/engine.ts";
import { label } from "../../shared/labels.ts";
import { optional } from "../../shared/optional.ts";
import {
  readAdopted,
  type AdoptedContainer,
  type AdoptedFrom,
  type FoundAdopted,
} from "./adopted.ts";
import { wishesOf } from "./adopted-queries.ts";
import { readDrain, type Drain } from "./leaving.ts";
import { shippedReader, type Shipped } from "./shipped.ts";

/** All containers of one instance of an app on a machine: in service, new, kept, left over. */
export interface ContainerState {
  readonly app: string;
  readonly family: string;
  readonly instance: number;
  /** Oldest first. */
  readonly containers: readonly InstanceContainer[];
  /** Another fleet's container that is called as one of this instance would be, or is to be taken over. */
  readonly taken?: TakenName;
}

export interface TakenName {
  readonly app: string;
  readonly name: string;
  readonly fleet: string;
  /** It was to be taken over. */
  readonly isWished?: true;
}

export interface InstanceContainer extends LiveContainer {
  readonly role: Role;
  /** What it is told to read anew when it changes. */
  readonly shipped?: Shipped;
  /** Of one that is behind the proxy. */
  readonly drain?: Drain;
  /** It was there before us. */
  readonly adopted?: AdoptedFrom;
}

/** Whether names stand for it, and commands go to it: it has its own name, or runs under another one. */
export const isInService = ({
  role,
  running,
}: Pick<InstanceContainer, "role" | "running">): boolean =>
  role === "current" || (role === "stray" && running);

export const keyOf = (app: string, instance: number): string => `${app}/${instance}`;

/**
 * Instances by key. A container belongs where its name says, as labels outlive `renamedFrom`; one that was
 * renamed by hand belongs where its labels say.
 */
export function readInstances(answers: Answers, about: About): ReadonlyMap<string, ContainerState> {
  const instances = new Map<string, ContainerState>();
  const shippedOf = shippedReader(answers, about);
  for (const inspect of answers.each(containersQuery)) {
    const fleet = labelOf(inspect, label.fleet);
    if (fleet !== about.fleet) {
      takeName(instances, about, { name: nameOf(inspect), fleet: fleet ?? "" });
      continue;
    }
    const instanceLabel = labelOf(inspect, label.instance);
    if (instanceLabel === undefined) continue;
    const live = readContainer(inspect);
    if (live.status === "removing") continue;
    const named = parseName(about.fleet, live.name);
    const app = named?.app ?? live.app;
    const instance = named?.instance ?? wholeNumber(instanceLabel);
    add(instances, app, instance, {
      ...live,
      role: roleOf(live, named?.role),
      ...optional("shipped", shippedOf(live)),
      ...optional("drain", readDrain(labelOf(inspect, label.drain))),
    });
  }
  for (const { app, instance, container } of adoptedBeside(instances, answers, about))
    add(instances, app, instance, { ...container, role: adoptedRole(container, about.fleet) });
  return instances;
}

function add(
  instances: Map<string, ContainerState>,
  app: string,
  instance: number,
  container: InstanceContainer,
): void {
  const key = keyOf(app, instance);
  const known = instances.get(key);
  instances.set(key, {
    ...known,
    app,
    family: known?.containers[0] === undefined ? container.family : known.family,
    instance,
    containers: [...(known?.containers ?? []), container].toSorted(byAge),
  });
}

/** Nobody's container takes the place of one that we made and that serves: a name in `adopt` may come to mean another one. */
const adoptedBeside = (
  instances: ReadonlyMap<string, ContainerState>,
  answers: Answers,
  about: About,
): readonly FoundAdopted[] =>
  readAdopted(answers, about).filter(({ app, instance, container }) => {
    const known = instances.get(keyOf(app, instance));
    const isRecorded = about.adopted?.[container.id] !== undefined;
    return (
      container.status !== "removing" &&
      (isRecorded || known?.containers.some(isInService) !== true)
    );
  });

function adoptedRole(container: AdoptedContainer, fleet: string): Role {
  if (container.name === container.adopted.name) return "current";
  return roleOf(container, parseName(fleet, container.name)?.role);
}

function takeName(
  instances: Map<string, ContainerState>,
  about: About,
  taken: Omit<TakenName, "app">,
): void {
  const wish = wishesOf(about).find(({ name }) => name === taken.name);
  const named = wish ?? parseName(about.fleet, taken.name);
  if (named === undefined) return;
  const { app, instance } = named;
  const key = keyOf(app, instance);
  const known = instances.get(key) ?? { app, family: app, instance, containers: [] };
  const isWished = wish !== undefined;
  instances.set(key, {
    ...known,
    taken: { ...taken, app, ...(isWished ? { isWished } : {}) },
  });
}

/** The instance as one where part of it still stands under its former name. */
export const joinInstances = (have: ContainerState, former: ContainerState): ContainerState => ({
  ...have,
  containers: [...have.containers, ...former.containers].toSorted(byAge),
});

/** What runs is neither kept nor failed, whatever it is called. */
function roleOf(live: LiveContainer, named: Role | undefined): Role {
  if (named === undefined) return "stray";
  const isKept = named === "previous" || named === "failed";
  return isKept && live.running ? "stray" : named;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Unreadable(`${label.instance} is not a number: ${text}`);
  return Number(text);
}

const byAge = (a: LiveContainer, b: LiveContainer): number =>
  a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;
