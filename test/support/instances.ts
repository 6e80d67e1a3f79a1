import type { ContainerSpec, ContainerState, InstanceContainer } from "../../src/kinds/index.ts";
import { givenAddresses } from "../../src/kinds/app/container/follow.ts";
import { fieldsOf, specDigest } from "../../src/kinds/shared/container/fields.ts";
import { instanceNames, type Role } from "../../src/kinds/shared/container/names.ts";
import { shortHash } from "../../src/lib/hash.ts";
import type { Json } from "../../src/lib/json.ts";
import { full, plain } from "./specs.ts";

/** How the containers of an instance came to be, told shortly. */
export interface InstanceCase {
  readonly containers: readonly ContainerCase[];
}

interface ContainerCase {
  /** What is other than in `plain`; `as wanted`: made from what is wanted. */
  readonly made: Json;
  readonly as: Role;
  /** Default: running where its role runs. */
  readonly status?: string;
  /** Anything else of what is live. */
  readonly but?: Partial<InstanceContainer>;
}

export function specFrom(other: Json): ContainerSpec {
  const { like, formerly, ...members } = other as {
    like?: "full";
    formerly?: readonly Json[];
  } & Omit<Partial<ContainerSpec>, "formerly">;
  return {
    ...(like === "full" ? full : plain),
    ...members,
    ...(formerly === undefined ? {} : { formerly: formerly.map(specFrom) }),
  };
}

export function instanceState(
  given: InstanceCase,
  want: ContainerSpec | undefined,
): ContainerState {
  const containers = given.containers.map((c, index) => {
    const spec = c.made === "as wanted" && want !== undefined ? want : specFrom(c.made);
    return live(spec, c, `c${index + 1}`.padEnd(8, "0"));
  });
  return { app: "shop", family: "shop", instance: 1, containers };
}

function live(
  spec: ContainerSpec,
  { as: role, status, but }: ContainerCase,
  id: string,
): InstanceContainer {
  const digest = specDigest(spec);
  const names = instanceNames(spec.fleet, spec.app, spec.instance, shortHash(digest));
  const { current, fresh, previous, failed } = names;
  const isKept = role === "previous" || role === "failed";
  const now = status ?? (isKept ? "exited" : "running");
  const running = ["running", "paused", "restarting"].includes(now);
  return {
    id,
    name: { current, new: fresh, previous, failed, stray: "by-hand" }[role],
    role,
    app: spec.app,
    family: spec.family,
    revision: spec.revision,
    spec: digest,
    image: spec.image,
    imageId: "sha256:00",
    imageText: spec.imageText,
    status: now,
    running,
    restarting: now === "restarting",
    paused: now === "paused",
    exitCode: running || now === "created" ? 0 : 137,
    oomKilled: false,
    restartCount: 0,
    createdAt: "2030-01-01T00:00:00Z",
    ...(now === "created" ? {} : { startedAt: "2030-01-01T00:00:01Z" }),
    limits: spec.limits,
    restart: isKept ? "no" : spec.restart,
    stopTimeoutSeconds: spec.stopTimeoutSeconds,
    networks: spec.networks === "host" ? ["host"] : spec.networks.map((n) => n.name),
    addresses: givenAddresses(spec),
    fields: fieldsOf(spec),
    ...but,
  };
}
