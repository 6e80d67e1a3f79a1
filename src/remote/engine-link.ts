import type { IncomingMessage } from "node:http";
import { DeadlinePassed, startDeadline } from "../lib/deadline.ts";
import { printableLine } from "../lib/text.ts";
import { ChannelRefused } from "./channel.ts";
import { clientRoute, socketRoute, type Route } from "./engine-route.ts";
import { execute } from "./exec.ts";
import { readBounded, sendRequest } from "./http.ts";
import type { Login } from "./rights.ts";
import { RemoteError, type EngineRequest } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";

/** A way to the engine that its ping has proven, and the version agreed on. */
export interface Link {
  readonly route: Route;
  /** `/v1.41` */
  readonly prefix: string;
}

/** The link in use: found at the first call, kept until it fails. */
export interface Links {
  /** Rejects with RemoteError of class engine where there is none. */
  current(): Promise<Link>;
  forget(link: Promise<Link>): void;
}

/** 1.41 is Docker 20.10; what we send is known up to 1.47. */
const oldestApi = 41;
const newestApi = 47;
const timeoutMs = 5_000;

export function linksTo(connection: Connection, slots: Slots, login: Login): Links {
  let link: Promise<Link> | undefined;
  const forget = (old: Promise<Link>): void => {
    if (link === old) link = undefined;
    void old.then(
      ({ route }) => route.retire(),
      () => undefined,
    );
  };
  return {
    current: () => {
      if (link !== undefined) return link;
      const opening = openLink(connection, slots, login);
      opening.catch(() => forget(opening));
      link = opening;
      return opening;
    },
    forget,
  };
}

async function openLink(connection: Connection, slots: Slots, login: Login): Promise<Link> {
  try {
    return await ping(connection, socketRoute(connection));
  } catch (error) {
    if (!(error instanceof ChannelRefused)) throw error;
  }
  try {
    return await ping(connection, clientRoute(connection, slots, login));
  } catch (error) {
    if (connection.gone.aborted || error instanceof RemoteError) throw error;
    const why = await askClient(connection, slots, login);
    throw trouble(connection, `no engine on ${connection.target.engineSocket}: ${why}`, error);
  }
}

async function ping(connection: Connection, route: Route): Promise<Link> {
  const deadline = startDeadline(timeoutMs, connection.gone);
  const { signal } = deadline;
  try {
    const request: EngineRequest = { method: "GET", path: "/_ping", timeoutMs };
    const sent = await sendRequest({ agent: route.calls, prefix: "", request, signal });
    await readBounded(sent, 65_536, signal);
    return { route, prefix: `/v1.${agreedVersion(connection, sent.response)}` };
  } catch (error) {
    route.retire();
    if (!(error instanceof DeadlinePassed)) throw error;
    const { engineSocket } = connection.target;
    throw trouble(
      connection,
      `the engine takes connections on ${engineSocket} but does not answer`,
      error,
    );
  } finally {
    deadline.end();
  }
}

function agreedVersion(connection: Connection, { headers, statusCode }: IncomingMessage): number {
  const offered = String(headers["api-version"] ?? "");
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(offered) ?? [];
  if (statusCode !== 200 || major !== "1") {
    const { engineSocket } = connection.target;
    throw trouble(
      connection,
      `${engineSocket} does not answer as a container engine: status ${statusCode}`,
    );
  }
  if (Number(minor) < oldestApi) {
    const why = `the engine speaks API ${offered}; at least 1.${oldestApi} (Docker 20.10) is needed`;
    throw trouble(connection, why);
  }
  return Math.min(Number(minor), newestApi);
}

/** Why the engine's client finds no engine, in its words. */
async function askClient(connection: Connection, slots: Slots, login: Login): Promise<string> {
  const argv = ["docker", "-H", `unix://${connection.target.engineSocket}`, "version"];
  const { code, stderr } = await execute(connection, slots, login, {
    argv,
    timeoutMs,
    maxBytes: 65_536,
  });
  const said = stderr.toString().trim().split("\n").at(-1) ?? "";
  return printableLine(said).slice(0, 300) || `its client ends with ${code}`;
}

const trouble = (connection: Connection, text: string, cause?: unknown): RemoteError =>
  new RemoteError(connection.target.machine, "engine", text, { cause });
