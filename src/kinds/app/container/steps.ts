import type { Facts } from "../../../model/resource.ts";
import type { Bound, Step } from "../../../model/step.ts";
import { createBody, endpointOf, secretTexts } from "../../shared/container/body.ts";
import { missingFolders } from "../../shared/container/folders.ts";
import type { InstanceNames } from "../../shared/container/names.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import {
  connectNetwork,
  createContainer,
  post,
  removeContainer,
  renameContainer,
  startContainer,
  stopContainer,
  updateContainer,
} from "../../shared/engine.ts";
import { label } from "../../shared/labels.ts";
import { isAdopted } from "./adopted.ts";
import { bury, discard, drained, forbidRestart, park, stopSeconds } from "./away.ts";
import { givenAddresses, takeNames } from "./follow.ts";
import { filesBeforeStart, proveRunning, reloadIfStale } from "./reload.ts";
import { drainText, leaving } from "./leaving.ts";
import { letGo } from "./let-go.ts";
import { mend } from "./mend.ts";
import {
  hasCompleted,
  isBroughtBack,
  isProven,
  situationOf,
  wantedRestart,
  type Situation,
} from "./situation.ts";
import type { ContainerState, InstanceContainer } from "./state.ts";
import { switchTo, tryShare, watchServed } from "./traffic.ts";

type Ref = string | Bound;

/** The steps from what is there to what is wanted, wherever an earlier attempt was cut. */
export function instanceSteps(
  want: ContainerSpec | undefined,
  have: ContainerState | undefined,
  facts: Facts,
): readonly Step[] {
  if (want === undefined)
    return (have?.containers ?? []).flatMap((c) =>
      isAdopted(c) ? letGo(c) : [...leaving(c, have?.instance ?? 0, facts.root), ...discard(c)],
    );
  const situation = situationOf(want, have);
  const making = want.running ? serve(situation, facts) : rest(situation, facts);
  return [...clearNames(situation), ...making, ...retire(situation, facts.root)];
}

/** Ends and starts a container as it is, and proves it as a rollout does. */
export const restartSteps = (
  want: ContainerSpec,
  live: InstanceContainer,
  root: string,
): readonly Step[] => [
  ...drained(want, live, root),
  stopContainer(live.id, stopSeconds(live)),
  startContainer(live.id),
  ...prove(want, live.id),
  ...switchTo(want, root, live.id),
];

/** A new container that runs and was never proven is kept stopped, as a rollout that failed would leave it. */
export function givingUpSteps(
  want: ContainerSpec | undefined,
  have: ContainerState,
): readonly Step[] {
  if (want === undefined)
    return have.containers.filter((c) => c.role === "new" && c.running).flatMap(park);
  const situation = situationOf(want, have);
  const tried = [situation.right, situation.abandoned].find((c) => c?.role === "new" && c.running);
  return tried === undefined ? [] : [...park(tried), ...bury(situation, tried.id)];
}

/** Who should not hold one of our names gives it up first, as a name is held by one container at a time. */
function clearNames(situation: Situation): readonly Step[] {
  const { names, old, spare, abandoned } = situation;
  const reserved = reservedNames(names);
  const moved = [old, ...spare].flatMap((c) =>
    c !== undefined && reserved.includes(c.name) ? [renameContainer(c.id, names.stray(c.id))] : [],
  );
  return [
    ...(abandoned === undefined ? [] : [...park(abandoned), ...bury(situation, abandoned.id)]),
    ...moved,
  ];
}

const reservedNames = (names: InstanceNames): readonly string[] => [
  names.current,
  names.fresh,
  names.previous,
  names.failed,
];

function serve(situation: Situation, facts: Facts): readonly Step[] {
  const { want, names, right, old } = situation;
  if (right !== undefined && isProven(situation, right)) {
    return [
      ...(right.name === names.current ? [] : [renameContainer(right.id, names.current)]),
      ...mend(want, right),
      ...(right.paused ? [post(["containers", right.id, "unpause"])] : []),
      ...(right.running || hasCompleted(want, right)
        ? reloadIfStale(want, right, facts.root, prove)
        : [
            ...filesBeforeStart(want, right, facts.root),
            startContainer(right.id),
            ...prove(want, right.id),
          ]),
      ...takeNames(right.addresses, runningOthers(situation), facts.root),
      ...(runningOthers(situation).length === 0 ? [] : switchTo(want, facts.root, right.id)),
    ];
  }
  // Whatever comes of it, it is the best there is: it goes on running.
  if (right !== undefined && isBroughtBack(situation, right)) {
    return [
      ...mend(want, right),
      ...(right.paused ? [post(["containers", right.id, "unpause"])] : []),
      ...proveRunning(want, right, facts.root, prove),
      ...switchTo(want, facts.root, right.id),
      renameContainer(right.id, names.current),
      ...takeNames(right.addresses, runningOthers(situation), facts.root),
      { do: "mark", text: `${names.current} is proven` },
    ];
  }
  // Without a probe there is nothing to prove, and a container that restarts at once is hard to rename.
  const name = want.probe === "off" ? names.current : names.fresh;
  const { ref, steps, addresses, proof } = obtain(situation, name, facts);
  const others = [...(old === undefined ? [] : [old]), ...situation.spare];
  const isOverlapping = old?.running === true && !stopsFirst(situation);
  return [
    ...steps,
    ...(stopsFirst(situation)
      ? others.flatMap((c) => [...drained(want, c, facts.root), ...park(c)])
      : []),
    {
      do: "attempt",
      steps: [
        startContainer(ref),
        ...proof,
        ...(isOverlapping ? tryShare(want, facts.root, ref) : []),
        ...switchTo(want, facts.root, ref),
        ...watchServed(want, facts.root, ref),
      ],
      // Whoever serves comes first: that what failed cannot be put away keeps nobody from coming back.
      otherwise: [
        ...(isOverlapping ? switchTo(want, facts.root, old.id) : []),
        stopContainer(ref, want.stopTimeoutSeconds),
        ...(old !== undefined && !isOverlapping
          ? [...bringBack(situation, old), ...switchTo(want, facts.root, old.id)]
          : []),
        ...(wantedRestart(want) === "no" ? [] : [forbidRestart(ref)]),
        ...bury(situation, ref),
      ],
    },
    ...(name === names.current ? [] : [renameContainer(ref, names.current)]),
    ...takeNames(addresses, others, facts.root),
    { do: "mark", text: `${names.current} is proven` },
  ];
}

/** Whether all others are stopped before the right one is started. */
export const stopsFirst = (situation: Situation): boolean => {
  const { want, right } = situation;
  const isNew = right === undefined || (!right.running && !isProven(situation, right));
  return want.strategy === "stop-first" && isNew;
};

/** Declared stopped: created, never started. */
function rest(situation: Situation, facts: Facts): readonly Step[] {
  const { right, names, want } = situation;
  if (right?.running !== true) return obtain(situation, names.current, facts).steps;
  return [
    ...(right.name === names.current ? [] : [renameContainer(right.id, names.current)]),
    ...mend(want, right),
    ...leaving(right, want.instance, facts.root),
    stopContainer(right.id, stopSeconds(right)),
  ];
}

/** The container that is to serve, under `name`, ready to be started. */
function obtain(
  situation: Situation,
  name: string,
  facts: Facts,
): {
  readonly ref: Ref;
  readonly steps: readonly Step[];
  readonly addresses: InstanceContainer["addresses"];
  /** That it is well, once it is started. */
  readonly proof: readonly Step[];
} {
  const { want, right, revivable } = situation;
  const found = right ?? revivable;
  if (found !== undefined) {
    const renamed = found.name === name ? [] : [renameContainer(found.id, name)];
    const files = found.running ? [] : filesBeforeStart(want, found, facts.root);
    const steps = [...renamed, ...mend(want, found), ...files];
    const proof = found.running
      ? proveRunning(want, found, facts.root, prove)
      : prove(want, found.id);
    return { ref: found.id, steps, addresses: found.addresses, proof };
  }
  const instance = { [label.instance]: String(want.instance), ...drainText(want) };
  const body = createBody(want, { restart: wantedRestart(want), labels: instance });
  const ref = { bound: "new" };
  const more = want.networks === "host" ? [] : want.networks.slice(1);
  return {
    ref,
    addresses: givenAddresses(want),
    proof: prove(want, ref),
    steps: [
      ...missingFolders(want, facts.root),
      ...filesBeforeStart(want, undefined, facts.root),
      createContainer(name, body, ref.bound, secretTexts(want)),
      ...more.map((network) => connectNetwork(network.name, name, endpointOf(want, network))),
    ],
  };
}

export function prove(want: ContainerSpec, container: Ref): readonly Step[] {
  if (want.probe === "off") return [];
  return [
    {
      do: "wait",
      container,
      probe: want.probe,
      successes: 2,
      intervalMs: want.probeIntervalMs,
      timeoutMs: want.probeTimeoutMs,
      deadlineMs: want.probeDeadlineMs,
    },
  ];
}

/** Under a name that says so: what it was made from tells how it is proven, and that is another spec than this. */
function bringBack({ want, names }: Situation, old: InstanceContainer): readonly Step[] {
  // A cut rollout may have parked it: then its own policy is no longer known.
  const restart = old.restart === "no" ? want.restart : old.restart;
  const name = names.stray(old.id);
  const isMoved = old.name === name || reservedNames(names).includes(old.name);
  return [
    updateContainer(old.id, { RestartPolicy: { Name: restart } }),
    ...(isMoved ? [] : [renameContainer(old.id, name)]),
    startContainer(old.id),
  ];
}

/** Puts away who no longer serves: one is kept as the previous, the one before it goes. */
function retire(situation: Situation, root: string): readonly Step[] {
  const { names, old, spare, previous, failed, abandoned } = situation;
  const named = (c: InstanceContainer | undefined, name: string): readonly Step[] =>
    c === undefined || c.name === name ? [] : [renameContainer(c.id, name)];
  const parked = situation.want.running && stopsFirst(situation);
  return [
    ...spare.flatMap((c) =>
      parked ? [removeContainer(c.id)] : [...drained(situation.want, c, root), ...discard(c)],
    ),
    ...(old === undefined
      ? named(previous, names.previous)
      : [
          ...(previous === undefined ? [] : [removeContainer(previous.id)]),
          ...(parked ? [] : [...drained(situation.want, old, root), ...park(old)]),
          renameContainer(old.id, names.previous),
        ]),
    ...(abandoned === undefined ? named(failed, names.failed) : []),
  ];
}

const runningOthers = ({ old, spare }: Situation): readonly InstanceContainer[] =>
  [...(old === undefined ? [] : [old]), ...spare].filter((c) => c.running);
