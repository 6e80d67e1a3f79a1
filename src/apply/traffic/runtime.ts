import {
  parseCounters,
  parseMapEntries,
  parseServers,
  type ProxyCounters,
  type ProxyServer,
} from "../../lib/haproxy.ts";
import { insideProxy, proxySocket } from "../../model/paths.ts";
import { servedIn, type Served } from "../../model/served.ts";
import type { Traffic } from "../../model/step.ts";
import type { Session } from "../../remote/session.ts";
import { StepFailure } from "../failure.ts";

const answerMs = 10_000;
const answerBytes = 4 * 1024 * 1024;

/** Where the proxy sends the traffic of one pool: a backend, and the two slots in it that an instance has. */
export interface Place {
  readonly backend: string;
  readonly port: number;
  /** Where the backend asks for the health of who serves it. */
  readonly path?: string;
  readonly slots: readonly [ProxyServer, ProxyServer];
}

export async function say(
  session: Session,
  traffic: Pick<Traffic, "proxy">,
  lines: readonly string[],
): Promise<string> {
  return await session.talk({
    path: proxySocket(traffic.proxy),
    text: `${lines.join(";")}\n`,
    timeoutMs: answerMs,
    maxBytes: answerBytes,
  });
}

/**
 * The backends of an instance's pools with their slots, and how who is made so serves each; StepFailure `machine` where the
 * proxy does not have them.
 */
export async function placesOf(
  session: Session,
  traffic: Traffic,
  served?: readonly Served[],
): Promise<readonly Place[]> {
  const pools = parseMapEntries(await say(session, traffic, [`show map ${mapFile("pools.map")}`]));
  const wanted = traffic.pools.flatMap((pool) => {
    const own = servedIn(served, pool.name) ?? pool;
    const [routed, local] = [pools.get(pool.name), pools.get(`${pool.name}~`)];
    // Only what is on the machine itself is asked for its health.
    const asked = pool.path === undefined ? {} : { path: own.path ?? pool.path };
    return [
      ...(routed === undefined ? [] : [{ backend: routed, port: own.port }]),
      ...(local === undefined ? [] : [{ backend: local, port: own.port, ...asked }]),
    ];
  });
  const missing = traffic.pools.find(({ name }) => !pools.has(name) && !pools.has(`${name}~`));
  if (missing !== undefined) throw unready(session, `has no backend for ${missing.name}`);
  const servers = await serversOf(session, traffic);
  return wanted.map((place) => {
    const { backend } = place;
    const [a, b] = ["a", "b"].map((half) =>
      servers.find((s) => s.backend === backend && s.slot === `i${traffic.instance}${half}`),
    );
    if (a === undefined || b === undefined)
      throw unready(session, `has no place for instance ${traffic.instance} in ${backend}`);
    return { ...place, slots: [a, b] };
  });
}

export async function serversOf(
  session: Session,
  traffic: Pick<Traffic, "proxy">,
): Promise<readonly ProxyServer[]> {
  const servers = parseServers(await say(session, traffic, ["show servers state"]));
  if (servers === undefined) throw unready(session, "does not tell of its servers");
  return servers;
}

/** As the proxy calls a file of a map. */
export const mapFile = (name: string): string => `${insideProxy.etc}/${name}`;

/** Of all servers and backends. */
export async function countersOf(
  session: Session,
  traffic: Pick<Traffic, "proxy">,
): Promise<readonly ProxyCounters[]> {
  const counters = parseCounters(await say(session, traffic, [`show stat -1 6 -1`]));
  if (counters === undefined) throw unready(session, "does not tell what it counted");
  return counters;
}

export const unready = (session: Session, what: string): StepFailure =>
  new StepFailure("machine", `the proxy on ${session.machine} ${what}`);
