import { shortHash } from "../../../lib/hash.ts";
import { specDigest } from "../../shared/container/fields.ts";
import { instanceNames, type InstanceNames } from "../../shared/container/names.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { isAdopted, isAsAdopted } from "./adopted.ts";
import type { ContainerState, InstanceContainer } from "./state.ts";

/** Who is who among an instance's containers, as seen from what is wanted. */
export interface Situation {
  readonly want: ContainerSpec;
  readonly names: InstanceNames;
  /** Made from what is wanted. */
  readonly right?: InstanceContainer;
  /** Without a right one: a kept container that was made from what is wanted. */
  readonly revivable?: InstanceContainer;
  /** In service before: what a failure returns to, and what is kept as previous. */
  readonly old?: InstanceContainer;
  /** New in a rollout that was given up, and ran: kept as failed. */
  readonly abandoned?: InstanceContainer;
  /** To be removed. */
  readonly spare: readonly InstanceContainer[];
  readonly previous?: InstanceContainer;
  readonly failed?: InstanceContainer;
}

export function situationOf(spec: ContainerSpec, have: ContainerState | undefined): Situation {
  const wanted = specDigest(spec);
  const specs = new Set([wanted, ...(spec.formerly ?? []).map(specDigest)]);
  const namesFor = (digest: string): InstanceNames =>
    instanceNames(spec.fleet, spec.app, spec.instance, shortHash(digest));
  const given = namesFor(wanted);
  const isWanted = (c: InstanceContainer): boolean =>
    c.status !== "dead" &&
    !isServedOtherwise(spec, c) &&
    (isAdopted(c) ? isAsAdopted(spec, specs, c) : specs.has(c.spec) || isMadeForServing(spec, c));
  const all = (have?.containers ?? []).toSorted((a, b) => rank(a, given) - rank(b, given));
  const usable = all.filter((c) => c.role !== "previous" && c.role !== "failed");
  const right = usable.find(isWanted);
  const rest = usable.filter((c) => c !== right);
  const ran = rest.filter((c) => c.startedAt !== undefined && c.status !== "dead");
  const old = ran.find((c) => c.role !== "new");
  const abandoned = ran.find((c) => c.role === "new");
  const kept = all.filter((c) => c.role === "previous");
  const revivable = right ? undefined : kept.find(isWanted);
  const found = right ?? revivable;
  const want = found === undefined ? servedAnew(spec, all) : spec;
  const made = found !== undefined && isMadeForServing(spec, found) ? found.spec : specDigest(want);
  const names = { ...namesFor(made), ...ownName(found) };
  const previous = kept.find((c) => c !== revivable);
  const failed = all.find((c) => c.role === "failed");
  const placed = new Set([right, old, abandoned, revivable, previous, failed]);
  return {
    want,
    names,
    ...(right === undefined ? {} : { right }),
    ...(revivable === undefined ? {} : { revivable }),
    ...(old === undefined ? {} : { old }),
    ...(abandoned === undefined ? {} : { abandoned }),
    ...(previous === undefined ? {} : { previous }),
    ...(failed === undefined ? {} : { failed }),
    spare: all.filter((c) => !placed.has(c)),
  };
}

/** Behind the proxy one with another port, or asked at another path, is another: the proxy asks each as it was made. */
const isServedOtherwise = (want: ContainerSpec, c: InstanceContainer): boolean =>
  want.proxied !== undefined &&
  want.served.some(({ name, port, path }) => {
    const made = c.served?.find((one) => one.name === name);
    return made !== undefined && (made.port !== port || made.path !== path);
  });

/** It was made because another served otherwise. */
const isMadeForServing = (want: ContainerSpec, { served, spec }: InstanceContainer): boolean =>
  served !== undefined && spec === specDigest({ ...want, served, isServedAnew: true });

/** Where nothing else tells it from what is there, how it serves does. */
const servedAnew = (want: ContainerSpec, all: readonly InstanceContainer[]): ContainerSpec => {
  const isSame = (c: InstanceContainer): boolean =>
    c.spec === specDigest(want) || isMadeForServing(want, c);
  return all.some((c) => isServedOtherwise(want, c) && isSame(c))
    ? { ...want, isServedAnew: true }
    : want;
};

/** One that was there before keeps its name. */
const ownName = (c: InstanceContainer | undefined): { readonly current?: string } =>
  c?.adopted === undefined ? {} : { current: c.adopted.name };

/** Best first: what runs, what is proven, what has its own name already. */
const rank = (c: InstanceContainer, { current, fresh, previous, failed }: InstanceNames): number =>
  (c.running ? 0 : 4) +
  (c.role === "current" ? 0 : 2) +
  ([current, fresh, previous, failed].includes(c.name) ? 0 : 1);

export const wantedRestart = (want: ContainerSpec): ContainerSpec["restart"] =>
  want.running ? want.restart : "no";

/** A container that was to end and ended well needs no healing. */
export const hasCompleted = (want: ContainerSpec, container: InstanceContainer): boolean =>
  want.restart !== "always" &&
  want.restart !== "unless-stopped" &&
  container.restart === want.restart &&
  container.startedAt !== undefined &&
  container.status === "exited" &&
  container.exitCode === 0;

/** It was stopped for a new one that failed, and started again: it is not in service before that has gone well. */
export const isBroughtBack = ({ names }: Situation, right: InstanceContainer): boolean =>
  right.running && right.name === names.stray(right.id);

/** A proven container has its own name, and did not wait for its turn when a rollout was cut. */
export const isProven = (situation: Situation, right: InstanceContainer): boolean =>
  right.role !== "new" &&
  !isBroughtBack(situation, right) &&
  (right.running ||
    hasCompleted(situation.want, right) ||
    (right.startedAt !== undefined && situation.old === undefined));
