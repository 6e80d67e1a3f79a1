import {
  noDisruption,
  type Difference,
  type Disruption,
  type Field,
} from "../../../model/change.ts";
import type { Facts } from "../../../model/resource.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import { difference } from "../../shared/difference.ts";
import { optional } from "../../shared/optional.ts";
import { createOnlyFields, detachedFrom } from "../../shared/container/differences.ts";
import { limitFields, restartField } from "./differences.ts";
import { isStale, reloadFields } from "./reload.ts";
import { adoptedFields, isAdopted } from "./adopted.ts";
import { isGivenBack } from "./let-go.ts";
import { hasCompleted, isBroughtBack, isProven, situationOf, type Situation } from "./situation.ts";
import type { ContainerState, InstanceContainer } from "./state.ts";

export function diffInstance(
  want: ContainerSpec | undefined,
  have: ContainerState | undefined,
  facts: Facts,
): Difference | undefined {
  if (want === undefined) return have === undefined ? undefined : undeclared(have);
  const situation = situationOf(want, have);
  const { right, old } = situation;
  if (right === undefined) return old ? replaced(situation, old, facts) : absent(situation);
  return want.running ? serving(situation, right) : stopped(situation, right);
}

function undeclared(have: ContainerState): Difference | undefined {
  const what = `${have.app} instance ${have.instance} is not declared`;
  const before = have.containers.filter(isAdopted);
  if (before.length === have.containers.length) {
    const left = before.filter((c) => !isGivenBack(c)).map(({ adopted }) => adopted.name);
    const text = `${what}; ${left.join(", ")} is let go, and left as it is`;
    return left.length === 0 ? undefined : difference("update", "let-go", text);
  }
  const running = have.containers.some((c) => c.running);
  return {
    action: "delete",
    reason: { code: "undeclared", text: what },
    fields: [],
    disruption: running ? { kind: "gap" } : noDisruption,
  };
}

function absent({ want, revivable }: Situation): Difference {
  const kept = revivable ? `; ${revivable.name} is brought back` : "";
  return difference(
    "create",
    "missing",
    `no container of ${want.app} instance ${want.instance}${kept}`,
  );
}

function replaced(situation: Situation, old: InstanceContainer, facts: Facts): Difference {
  const { want, revivable } = situation;
  const { running, restart, status } = old;
  const fields = [
    ...madeAnewFields(want, old, facts.root),
    ...reloadFields(want, old),
    ...limitFields(want.limits, old.limits),
    ...(want.running === running
      ? restartField(want, restart)
      : [{ path: "state", declared: want.running ? "running" : "stopped", live: status }]),
  ];
  const paths = fields.map((f) => f.path);
  const onlyImage = paths.every((path) => path === "image");
  const what = onlyImage ? imageText(want, old) : `${listed(paths)} changed`;
  const kept = revivable ? "; the kept container is brought back" : "";
  return {
    action: "replace",
    reason: { code: onlyImage ? "image-changed" : "spec-changed", text: `${what}${kept}` },
    fields,
    disruption: gapOf(situation),
  };
}

/** Of one that was there before: what is declared otherwise, and else that it is no longer to stay as it is. */
function madeAnewFields(
  want: ContainerSpec,
  old: InstanceContainer,
  root: string,
): readonly Field[] {
  if (!isAdopted(old)) return createOnlyFields(want, old, root);
  const { name } = old.adopted;
  const fields = adoptedFields(want, old, root);
  const isLetGo = want.adopt !== name;
  return fields.length > 0 && !isLetGo
    ? fields
    : [{ path: "adopt", live: name, ...optional("declared", want.adopt) }, ...fields];
}

const listed = (paths: readonly string[]): string =>
  paths.length > 4
    ? `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more`
    : paths.join(", ");

const imageText = (want: ContainerSpec, old: InstanceContainer): string =>
  old.imageText === undefined || old.imageText === want.imageText
    ? `${want.imageText} is another image now`
    : `image ${want.imageText} instead of ${old.imageText}`;

/** A stop-first switch stops what runs, then starts and proves the new one. */
function gapOf({ want, old }: Situation): Disruption {
  if (!want.running) return old?.running ? { kind: "gap" } : noDisruption;
  if (want.strategy === "start-first" || old?.running !== true) return noDisruption;
  const probing = want.probe === "off" ? 0 : want.probeDeadlineMs / 1000;
  return { kind: "gap", seconds: Math.ceil(want.stopTimeoutSeconds + probing) };
}

function serving(situation: Situation, right: InstanceContainer): Difference | undefined {
  const { want, names, old } = situation;
  const fields = inPlaceFields(want, right);
  const cut = (code: string, text: string): Difference => ({
    ...difference("update", code, text, fields),
    disruption: gapOf(situation),
  });
  if (isBroughtBack(situation, right)) {
    const text = `${right.name} was brought back, and has yet to be proven`;
    return difference("update", "brought-back", text, fields);
  }
  if (right.role === "new" || (old !== undefined && !isProven(situation, right)))
    return cut("unfinished", `the rollout of ${right.name} was cut before it was proven`);
  if (!right.running && !hasCompleted(want, right)) return notRunning(want, right, fields);
  if (right.paused) return difference("update", "paused", `${right.name} is paused`, fields);
  if (hasLeftovers(situation))
    return cut("leftover", `a rollout was cut before the former containers were put away`);
  if (right.name !== names.current) {
    const code = right.app === want.app ? "renamed" : "app-renamed";
    const named = { path: "name", declared: names.current, live: right.name };
    return difference("update", code, `${right.name} should be ${names.current}`, [
      named,
      ...fields,
    ]);
  }
  return changedFiles(want, right, fields) ?? changedInPlace(situation, right, fields);
}

/** It is not made anew: it is told. */
function changedFiles(
  want: ContainerSpec,
  right: InstanceContainer,
  more: readonly Field[],
): Difference | undefined {
  if (!right.running || !isStale(want, right)) return undefined;
  const { name } = right;
  const fields = reloadFields(want, right);
  if (fields.length === 0) {
    const text = `${name} was given other files, and whether it runs well with them is not known`;
    return difference("update", "unfinished", text, more);
  }
  const what = `${listed(fields.map((f) => f.path))} changed`;
  const text = `${what}; ${name} is told by ${want.reload?.signal ?? "a signal"}`;
  return difference("update", "files-changed", text, [...fields, ...more]);
}

function notRunning(
  want: ContainerSpec,
  right: InstanceContainer,
  fields: readonly Field[],
): Difference {
  const { name, exitCode, error } = right;
  const state = [{ path: "state", declared: "running", live: right.status }, ...fields];
  const why = error === undefined ? "" : `: ${error}`;
  if (right.startedAt === undefined)
    return difference("update", "not-started", `${name} was never started${why}`, state);
  if (right.oomKilled)
    return difference("update", "out-of-memory", `${name} was killed: out of memory`, state);
  // The engine would have started it again, had it ended by itself.
  const byHand = want.restart === "always" || want.restart === "unless-stopped";
  return byHand
    ? difference("update", "stopped", `${name} is stopped (exit code ${exitCode})${why}`, state)
    : difference("update", "exited", `${name} ended with exit code ${exitCode}${why}`, state);
}

function stopped(situation: Situation, right: InstanceContainer): Difference | undefined {
  const { want, names } = situation;
  const fields = inPlaceFields(want, right);
  if (right.running) {
    return {
      ...difference("update", "should-be-stopped", `${right.name} runs; it is declared stopped`, [
        { path: "state", declared: "stopped", live: right.status },
        ...fields,
      ]),
      disruption: { kind: "gap" },
    };
  }
  if (hasLeftovers(situation))
    return difference("update", "leftover", "former containers are not put away", fields);
  if (right.name !== names.current)
    return difference("update", "renamed", `${right.name} should be ${names.current}`, fields);
  return changedInPlace(situation, right, fields);
}

function changedInPlace(
  { want, names, previous, failed }: Situation,
  right: InstanceContainer,
  fields: readonly Field[],
): Difference | undefined {
  const misnamed =
    (previous !== undefined && previous.name !== names.previous) ||
    (failed !== undefined && failed.name !== names.failed);
  if (misnamed)
    return difference("update", "app-renamed", "kept containers have another name", fields);
  if (fields.length === 0) return undefined;
  const paths = fields.map((f) => f.path);
  if (paths.some((p) => p.startsWith("networks."))) {
    const networks = detachedFrom(want, right).join(", ");
    if (right.adopted?.isKnown === false) {
      const text = `${right.name} is taken over as it runs: it joins ${networks}, and nothing is restarted`;
      return difference("update", "taken-over", text, fields);
    }
    return difference("update", "network-detached", `${right.name} is not on ${networks}`, fields);
  }
  return paths.some((p) => p.startsWith("resources."))
    ? difference("update", "limits-changed", `limits of ${right.name} differ`, fields)
    : difference(
        "update",
        "restart-policy-changed",
        `restart policy of ${right.name} differs`,
        fields,
      );
}

const inPlaceFields = (want: ContainerSpec, right: InstanceContainer): readonly Field[] => [
  ...detachedFrom(want, right).map((n) => ({ path: `networks.${n}`, declared: "attached" })),
  ...limitFields(want.limits, right.limits),
  ...restartField(want, right.restart),
];

const hasLeftovers = ({ old, abandoned, spare }: Situation): boolean =>
  old !== undefined || abandoned !== undefined || spare.length > 0;
