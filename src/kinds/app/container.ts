import type { Kind, Selector } from "../kind.ts";
import { ofOtherFleet } from "../shared/clash.ts";
import { containersQuery } from "../shared/engine.ts";
import { redactFields } from "../shared/container/differences.ts";
import { publishedPorts } from "../shared/container/fields.ts";
import { difference } from "../shared/difference.ts";
import type { ContainerSpec, PortBinding } from "../shared/container/spec.ts";
import { treesQuery } from "../shared/files/tree.ts";
import { adoptedQueries } from "./container/adopted-queries.ts";
import { isAdopted, withoutVariables } from "./container/adopted.ts";
import { diffInstance } from "./container/diff.ts";
import { situationOf } from "./container/situation.ts";
import { isGivenBack } from "./container/let-go.ts";
import { joinInstances, keyOf, readInstances, type ContainerState } from "./container/state.ts";
import { roomFor } from "./container/room.ts";
import { drainingSteps, provingSteps } from "./container/reboot.ts";
import { givingUpSteps, instanceSteps } from "./container/steps.ts";
import { watchOf } from "./container/watch.ts";

export type { ContainerSpec, Mount, PortBinding } from "../shared/container/spec.ts";
export type { ContainerState, InstanceContainer } from "./container/state.ts";

export const container: Kind<ContainerSpec, ContainerState> = {
  id: "app/container",
  summary: "An instance of an app: its container, the one before it, and the last one that failed.",
  declaredIn: ["/apps"],
  name: (spec) => String(spec.instance),
  key: (spec) => keyOf(spec.app, spec.instance),
  formerKeys: (spec) => (spec.formerly ?? []).map(({ app }) => keyOf(app, spec.instance)),
  join: joinInstances,
  needs: (spec) => [
    { kind: "app/image", name: "", app: spec.app },
    ...networksOf(spec),
    ...spec.mounts.flatMap(filesOf(spec)),
  ],
  observe: (about) => [containersQuery, treesQuery(about.root), ...adoptedQueries(about)],
  read: readInstances,
  owner: ({ app, family, instance, containers }) =>
    containers.every((c) => isAdopted(c) && isGivenBack(c))
      ? undefined
      : { app, family, name: String(instance) },
  clash: ({ app, family }, have) => {
    const { taken } = have ?? {};
    // By its former name it may be taken: that is what a rename gets out of.
    if (taken?.app !== app) return undefined;
    const needs = taken.isWished === true ? `app ${app} without 'adopt'` : undefined;
    const thing = `container ${taken.name}`;
    return ofOtherFleet(thing, taken.fleet, needs ?? `another name for app ${family}`);
  },
  diff: diffInstance,
  traces: (want, have) => [{ of: "container", name: situationOf(want, have).names.current }],
  apply: ({ want, have }, facts) => instanceSteps(want, have, facts),
  checks: roomFor,
  watch: watchOf,
  drains: drainingSteps,
  proves: provingSteps,
  giveUp: (want, have) => {
    const steps = givingUpSteps(want, have);
    const text = `${have.app} instance ${have.instance} was tried and never worked`;
    return steps.length === 0
      ? undefined
      : { difference: difference("update", "given-up", text), steps };
  },
  holds: (want, have) => (want === undefined ? portsHeld(have) : want.ports.map(portText)),
  redact: (state) => ({
    ...state,
    containers: state.containers.map((c) => ({
      ...c,
      fields: redactFields(isAdopted(c) ? withoutVariables(c.fields, c.adopted) : c.fields),
    })),
  }),
};

const portText = ({ protocol, hostIp, hostPort }: Omit<PortBinding, "containerPort">): string =>
  `${protocol} ${hostIp} ${hostPort}`;

const portsHeld = (state: ContainerState | undefined): readonly string[] =>
  (state?.containers ?? [])
    .filter((c) => c.running)
    .flatMap((c) => publishedPorts(c.fields).map(portText));

const networksOf = (spec: ContainerSpec): readonly Selector[] =>
  spec.networks === "host" ? [] : spec.networks.map(({ name }) => ({ kind: "app/network", name }));

const filesOf =
  (spec: ContainerSpec) =>
  (mount: ContainerSpec["mounts"][number]): readonly Selector[] =>
    mount.type === "bind" && mount.source.includes("/files/")
      ? [{ kind: "app/files", name: mount.target.slice(1), app: spec.app }]
      : [];
