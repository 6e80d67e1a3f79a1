import { isObject, type Json } from "../lib/json.ts";
import { engineMessage } from "../lib/engine-message.ts";
import { parseServed, servedLabel, type Served } from "../model/served.ts";
import type { Session } from "../remote/session.ts";
import { StepFailure } from "./failure.ts";

/** For questions that an engine in order answers at once. */
export const engineCallMs = 15_000;

/** What the engine says of a container, as far as health needs it. */
export interface Seen {
  readonly running: boolean;
  readonly restarting: boolean;
  readonly exitCode: number;
  /** The engine's words when it could not be started. */
  readonly error: string;
  readonly outOfMemory: boolean;
  readonly restarts: number;
  readonly engineHealth?: string;
  /** In full: what is cut off before secrets are taken out of it is not known for one. */
  readonly lastHealthOutput?: string;
  readonly startedAt: string;
  readonly name: string;
  readonly tty: boolean;
  readonly hostNetwork: boolean;
  readonly address?: string;
  /** How it serves its ports, where it says so. */
  readonly served?: readonly Served[];
}

/** Undefined: there is no such container. */
export async function look(session: Session, container: string): Promise<Seen | undefined> {
  const reply = await session.engine({
    method: "GET",
    path: `/containers/${encodeURIComponent(container)}/json`,
    timeoutMs: engineCallMs,
  });
  if (reply.status === 404) return undefined;
  if (reply.status !== 200) {
    const said = engineMessage(reply.body) ?? "no message";
    throw new StepFailure(
      "machine",
      `the engine does not tell of ${container}: ${said} (${reply.status})`,
    );
  }
  return readSeen(reply.body);
}

function readSeen(body: unknown): Seen {
  const inspect = object(body);
  const state = object(inspect["State"]);
  const health = isObject(state["Health"]) ? state["Health"] : undefined;
  const networks = Object.values(object(object(inspect["NetworkSettings"])["Networks"]));
  const addresses = networks
    .map((n) => object(n)["IPAddress"])
    .filter((a) => typeof a === "string" && a !== "");
  const lastHealth =
    health && Array.isArray(health["Log"]) ? object(health["Log"].at(-1))["Output"] : undefined;
  const served = parseServed(text(object(object(inspect["Config"])["Labels"])[servedLabel]));
  return {
    running: state["Running"] === true,
    restarting: state["Restarting"] === true,
    exitCode: Number(state["ExitCode"] ?? 0),
    error: text(state["Error"]),
    outOfMemory: state["OOMKilled"] === true,
    restarts: Number(inspect["RestartCount"] ?? 0),
    startedAt: text(state["StartedAt"]),
    name: text(inspect["Name"]).replace(/^\//, ""),
    tty: object(inspect["Config"])["Tty"] === true,
    hostNetwork: object(inspect["HostConfig"])["NetworkMode"] === "host",
    ...(health && health["Status"] !== "none" ? { engineHealth: text(health["Status"]) } : {}),
    ...(typeof lastHealth === "string" ? { lastHealthOutput: lastHealth.trim() } : {}),
    ...(typeof addresses[0] === "string" ? { address: addresses[0] } : {}),
    ...(served === undefined ? {} : { served }),
  };
}

const object = (value: unknown): Readonly<Record<string, Json>> => (isObject(value) ? value : {});

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
