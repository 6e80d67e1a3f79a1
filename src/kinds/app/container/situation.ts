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

export function situationOf(want: ContainerSpec, have: ContainerState | undefined): Situation {
  const wanted = specDigest(want);
  const specs = new Set([wanted, ...(want.formerly ?? []).map(specDigest)]);
  const given = instanceNames(want.fleet, want.app, want.instance, shortHash(wanted));
  const isWanted = (c: InstanceContainer): boolean =>
    c.status !== "dead" && (isAdopted(c) ? isAsAdopted(want, specs, c) : specs.has(c.spec));
  const all = (have?.containers ?? []).toSorted((a, b) => rank(a, given) - rank(b, given));
  const usable = all.filter((c) => c.role !== "previous" && c.role !== "failed");
  const right = usable.find(isWanted);
  const rest = usable.filter((c) => c !== right);
  const ran = rest.filter((c) => c.startedAt !== undefined && c.status !== "dead");
  const old = ran.find((c) => c.role !== "new");
  const abandoned = ran.find((c) => c.role === "new");
  const kept = all.filter((c) => c.role === "previous");
  const revivable = right ? undefined : kept.find(isWanted);
  const names = { ...given, ...ownName(right ?? revivable) };
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
