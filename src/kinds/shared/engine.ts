import type { Json } from "../../lib/json.ts";
import type { EngineQuery } from "../../model/query.ts";
import type { Bound, EngineStep } from "../../model/step.ts";
import { label } from "./labels.ts";
import { optional } from "./optional.ts";

const withFilters = (path: string, filters: Readonly<Record<string, readonly string[]>>): string =>
  `${path}filters=${encodeURIComponent(JSON.stringify(filters))}`;

/** All containers of fleets, each inspected: another fleet's may have a name that one of ours would get. */
export const containersQuery: EngineQuery = {
  ask: "engine",
  path: withFilters("/containers/json?all=1&", { label: [label.fleet] }),
  each: "/containers/{Id}/json",
};

/** Whatever containers these filters find, each inspected. */
export const containersBy = (filter: "name" | "id", values: readonly string[]): EngineQuery => ({
  ask: "engine",
  path: withFilters("/containers/json?all=1&", { [filter]: values }),
  each: "/containers/{Id}/json",
});

/** All networks, also those that are not ours: a name that is taken counts as there. */
export const networksQuery: EngineQuery = { ask: "engine", path: "/networks" };

/** All volumes, also those that are not ours. */
export const volumesQuery: EngineQuery = { ask: "engine", path: "/volumes" };

/** What the engine is and was told. */
export const infoQuery: EngineQuery = { ask: "engine", path: "/info" };

export const imagesQuery: EngineQuery = { ask: "engine", path: "/images/json?digests=1" };

const quickMs = 60_000;
/** How long the engine may take beyond the time it gives a container to stop. */
const stopMarginMs = 30_000;

type Ref = string | Bound;

export const post = (
  path: readonly Ref[],
  more: Partial<Omit<EngineStep, "do" | "method" | "path">> = {},
): EngineStep => ({ do: "engine", method: "POST", path, timeoutMs: quickMs, ...more });

/** Creates a container; that the engine refuses its body is the app's fault, a name that is taken is not. */
export const createContainer = (
  name: string,
  body: Json,
  bind: string,
  secretEnv?: EngineStep["secretEnv"],
): EngineStep =>
  post(["containers", "create"], {
    query: { name },
    body,
    bind,
    blame: "app",
    blameOn: [400],
    ...optional("secretEnv", secretEnv),
  });

export const startContainer = (container: Ref): EngineStep =>
  post(["containers", container, "start"], { accept: [304], blame: "app" });

/** Done as well when it does not run, or is gone. */
export const stopContainer = (container: Ref, seconds: number): EngineStep =>
  post(["containers", container, "stop"], {
    query: { t: String(seconds) },
    accept: [304, 404],
    timeoutMs: seconds * 1000 + stopMarginMs,
  });

export const renameContainer = (container: Ref, name: string): EngineStep =>
  post(["containers", container, "rename"], { query: { name } });

export const updateContainer = (container: Ref, body: Json): EngineStep =>
  post(["containers", container, "update"], { body });

/** Anonymous volumes stay: data is never removed in passing. */
export const removeContainer = (container: Ref): EngineStep => ({
  do: "engine",
  method: "DELETE",
  path: ["containers", container],
  query: { force: "true" },
  accept: [404],
  timeoutMs: quickMs,
});

export const removeThing = (kind: "networks" | "volumes", name: string): EngineStep => ({
  do: "engine",
  method: "DELETE",
  path: [kind, name],
  accept: [404],
  timeoutMs: quickMs,
});

/** `container` by name or id: a bound id cannot stand in a body. */
export const connectNetwork = (network: string, container: string, endpoint: Json): EngineStep =>
  post(["networks", network, "connect"], {
    body: { Container: container, EndpointConfig: endpoint },
  });

/** Done as well where it is not on it, or either is gone. */
export const disconnectNetwork = (network: string, container: string): EngineStep =>
  post(["networks", network, "disconnect"], {
    body: { Container: container, Force: false },
    accept: [403, 404],
  });

/** Done as well where it still runs, and stays. */
export const removeEnded = (container: Ref): EngineStep => ({
  do: "engine",
  method: "DELETE",
  path: ["containers", container],
  accept: [404, 409],
  timeoutMs: quickMs,
});
