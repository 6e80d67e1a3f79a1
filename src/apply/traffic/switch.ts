import type { ProxyServer } from "../../lib/haproxy.ts";
import type { SwitchStep } from "../../model/step.ts";
import { unhealthy } from "../evidence.ts";
import { look, type Seen } from "../seen.ts";
import type { StepContext } from "../steps.ts";
import { outOfUse, rewriteServers, type ServerLine } from "./rewrite.ts";
import { pathCommands } from "./paths.ts";
import { placesOf, say, unready, type Place } from "./runtime.ts";

const confirmMs = 5_000;
const firstPauseMs = 10;

/** File first, then what runs, then read back. */
export async function switchTraffic(
  context: StepContext,
  step: SwitchStep,
  container: string,
): Promise<void> {
  const { session, clock } = context;
  const { traffic, share = 100 } = step;
  const { address, served } = await servingAt(context, container);
  const placed = async (): Promise<readonly Place[]> => await placesOf(session, traffic, served);
  const moves = (await placed()).map((place) => moveTo(place, address, share));
  if (moves.every((move) => isDone(move, share))) return;
  await rewriteServers(context, traffic.proxy, moves.flatMap(linesFor));
  const said = await say(session, traffic, switchCommands(moves));
  const giveUpMs = clock.now() + confirmMs;
  for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
    const places = await placed();
    if (places.every((place) => isDone(moveTo(place, address, share), share))) return;
    if (clock.now() > giveUpMs)
      throw unready(session, `did not switch to ${address}: ${context.redact(said).trim()}`);
    await clock.sleep(pauseMs);
  }
}

async function servingAt(
  context: StepContext,
  container: string,
): Promise<Pick<Seen, "served"> & { readonly address: string }> {
  const { session } = context;
  const seen = await look(session, container);
  if (seen?.address !== undefined) return { ...seen, address: seen.address };
  if (seen === undefined || (seen.running && !seen.restarting))
    throw unready(session, `gets no traffic for ${container}: it has no address`);
  const how = seen.outOfMemory ? "killed: out of memory" : `exit code ${seen.exitCode}`;
  const text = `healthy at first, then it ended before it had any traffic: ${how}`;
  throw await unhealthy(context, seen, container, text, undefined);
}

export interface Move {
  readonly place: Place;
  readonly address: string;
  readonly to: ProxyServer;
  readonly from: ProxyServer;
  /** Percent of the instance's traffic. */
  readonly share: number;
}

/** The slot that has the address already, else the one that is out of use. */
function moveTo(place: Place, address: string, share: number): Move {
  const [a, b] = place.slots;
  const has = (s: ProxyServer): boolean => s.address === address && s.port === place.port;
  const [to, from] = has(a) || (!has(b) && !a.ready) ? [a, b] : [b, a];
  return { place, address, to, from, share };
}

const isDone = ({ place, address, to, from }: Move, share: number): boolean =>
  to.ready &&
  to.address === address &&
  to.port === place.port &&
  to.weight === share &&
  (share < 100 ? from.ready && from.weight === 100 - share : !from.ready);

const linesFor = ({ place, address, to, from, share }: Move): readonly ServerLine[] => {
  const { backend, port, path } = place;
  const weight = (percent: number): string => (percent === 100 ? "" : ` weight ${percent}`);
  const rest = `${from.address}:${from.port}${weight(100 - share)}`;
  return [
    { backend, slot: to.slot, text: `${address}:${port}${weight(share)}`, path: path ?? "none" },
    {
      backend,
      slot: from.slot,
      text: share < 100 ? rest : outOfUse,
      ...(share < 100 ? {} : { path: "none" }),
    },
  ];
};

/**
 * The new one serves in every backend before the old one is taken out of any: a server for routes is up only while the
 * one that checks it is, and between two commands there are requests.
 */
export function switchCommands(moves: readonly Move[]): readonly string[] {
  const to = ({ place, to }: Move): string => `set server ${place.backend}/${to.slot}`;
  const from = ({ place, from }: Move): string => `set server ${place.backend}/${from.slot}`;
  return [
    ...moves.flatMap((move) => [
      `${to(move)} addr ${move.address} port ${move.place.port}`,
      `${to(move)} weight ${move.share}`,
    ]),
    // By then it is known where its health is asked for: one answer that is no good takes it out.
    ...moves.flatMap(({ place, to }) =>
      place.path === undefined ? [] : pathCommands({ ...place, slot: to.slot }, place.path),
    ),
    ...moves.map((move) => `${to(move)} state ready`),
    ...moves.map((move) =>
      move.share < 100 ? `${from(move)} weight ${100 - move.share}` : `${from(move)} state maint`,
    ),
    ...moves.flatMap(({ place, from, share }) =>
      place.path === undefined || share < 100 ? [] : pathCommands({ ...place, slot: from.slot }),
    ),
  ];
}
