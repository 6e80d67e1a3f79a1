import { shortHash } from "../../lib/hash.ts";
import { Unreadable } from "../../model/live.ts";
import { parseInventory } from "../../model/inventory.ts";
import type { Answers, ReadQuery } from "../../model/query.ts";
import type { Step } from "../../model/step.ts";
import type { About, Kind } from "../kind.ts";
import { createBody, endpointOf, secretTexts } from "../shared/container/body.ts";
import { labelOf, readContainer } from "../shared/container/live.ts";
import { missingFolders } from "../shared/container/folders.ts";
import type { ContainerSpec } from "../shared/container/spec.ts";
import { difference } from "../shared/difference.ts";
import {
  connectNetwork,
  containersQuery,
  createContainer,
  removeContainer,
  startContainer,
  stopContainer,
} from "../shared/engine.ts";
import { label } from "../shared/labels.ts";

/** The command that runs once per rollout, before any switch, on the app's first machine. */
export interface ReleaseSpec {
  readonly family: string;
  readonly app: string;
  /** Names that the family had: what was recorded under them counts. */
  readonly formerly: readonly string[];
  /** Digest over image digest and command: recorded in the inventory when it ended well. */
  readonly digest: string;
  /** Another machine remembers that it ended well. */
  readonly hasRun?: true;
  /** The app's container, with the release's command, no ports, no restart. */
  readonly container: ContainerSpec;
  readonly deadlineMs: number;
}

/** The releases of one app file on a machine. */
export interface ReleaseState {
  readonly family: string;
  /** Digests of releases that ended well. */
  readonly recorded: readonly string[];
  readonly containers: readonly ReleaseContainer[];
}

export interface ReleaseContainer {
  readonly id: string;
  readonly name: string;
  readonly app: string;
  readonly digest: string;
  readonly status: string;
  readonly running: boolean;
  readonly exitCode: number;
}

export const release: Kind<ReleaseSpec, ReleaseState> = {
  id: "app/release",
  summary: "A command that runs once per rollout, with the new image, before any switch.",
  declaredIn: ["/apps/release"],
  name: (spec) => shortHash(spec.digest),
  key: (spec) => spec.family,
  formerKeys: (spec) => spec.formerly,
  join: (have, former) => ({
    ...have,
    recorded: [...have.recorded, ...former.recorded],
    containers: [...have.containers, ...former.containers],
  }),
  needs: ({ app }) => [{ kind: "app/image", name: "", app }],
  observe: (about) => [containersQuery, inventoryQuery(about)],
  read: readReleases,
  owner: ({ family, containers: [first] }) =>
    first === undefined ? undefined : { app: first.app, family, name: shortHash(first.digest) },
  diff: (want, have) => {
    if (want === undefined) {
      const [first] = have?.containers ?? [];
      return first && difference("delete", "undeclared", `${first.name} is not declared`);
    }
    if (want.hasRun === true || have?.recorded.includes(want.digest) === true) return undefined;
    const run = runOf(want, have);
    if (run === undefined)
      return difference("run", "release-due", `the release of ${want.app} has not run`);
    if (run.running)
      return difference("run", "unfinished", `${run.name} is running, its end is not known`);
    if (run.status === "created")
      return difference("run", "not-started", `${run.name} was never started`);
    return run.exitCode === 0
      ? undefined
      : difference("run", "failed-before", `${run.name} ended with exit code ${run.exitCode}`);
  },
  apply: ({ want, have }, facts) =>
    want === undefined
      ? (have?.containers ?? []).flatMap(discard)
      : releaseSteps(want, have, facts.root),
  redact: (state) => state,
};

const inventoryQuery = (about: About): ReadQuery => ({
  ask: "read",
  path: `${about.root}/inventory.json`,
  maxBytes: 4 * 1024 * 1024,
});

function readReleases(answers: Answers, about: About): ReadonlyMap<string, ReleaseState> {
  const states = new Map<string, ReleaseState>();
  const text = answers.text(inventoryQuery(about));
  const inventory = text === undefined ? undefined : parseInventory(text);
  if (text !== undefined && inventory === undefined) throw new Unreadable("damaged inventory");
  for (const [family, { releases }] of Object.entries(inventory?.apps ?? {}))
    states.set(family, { family, recorded: releases, containers: [] });
  for (const inspect of answers.each(containersQuery)) {
    const digest = labelOf(inspect, label.release);
    if (digest === undefined || labelOf(inspect, label.fleet) !== about.fleet) continue;
    const { family, ...live } = readContainer(inspect);
    if (live.status === "removing") continue;
    const { id, name, app, status, running, exitCode } = live;
    const known = states.get(family) ?? { family, recorded: [], containers: [] };
    const run = { id, name, app, digest, status, running, exitCode };
    states.set(family, { ...known, containers: [...known.containers, run] });
  }
  return states;
}

const runOf = (want: ReleaseSpec, have: ReleaseState | undefined): ReleaseContainer | undefined =>
  have?.containers.find((c) => c.digest === want.digest);

function releaseSteps(
  want: ReleaseSpec,
  have: ReleaseState | undefined,
  root: string,
): readonly Step[] {
  const run = runOf(want, have);
  const { container } = want;
  const own = [want.app, ...(container.formerly ?? []).map((f) => f.app)];
  const others = (have?.containers ?? []).filter((c) => own.includes(c.app) && c !== run);
  const finish = (ref: string | { bound: string }, first: readonly Step[]): Step => ({
    do: "attempt",
    steps: [...first, { do: "finish", container: ref, deadlineMs: want.deadlineMs }],
    otherwise: [stopContainer(ref, container.stopTimeoutSeconds)],
  });
  // Only a running one is waited for: one that never started may lack a network, one that failed is tried anew.
  // It is not started: it may have ended by now, and would run again.
  if (run?.running === true) return [...others.flatMap(discard), finish(run.id, [])];
  const name = `${container.fleet}-${want.app}-release-${shortHash(want.digest)}`;
  const body = createBody(container, { restart: "no", labels: { [label.release]: want.digest } });
  const more = container.networks === "host" ? [] : container.networks.slice(1);
  return [
    ...[...others, ...(run ? [run] : [])].flatMap(discard),
    ...missingFolders(container, root),
    createContainer(name, body, "release", secretTexts(container)),
    ...more.map((n) => connectNetwork(n.name, name, endpointOf(container, n))),
    finish({ bound: "release" }, [startContainer({ bound: "release" })]),
  ];
}

const discard = (run: ReleaseContainer): readonly Step[] => [
  ...(run.running ? [stopContainer(run.id, 10)] : []),
  removeContainer(run.id),
];
