import { escaped, type ProxyServer } from "../../../lib/haproxy.ts";
import { insideProxy } from "../../../model/paths.ts";
import { certificateInProxy, crtList } from "../../shared/proxy/crt-list.ts";
import { splitAddress } from "../../shared/proxy/naming.ts";
import { mapNames, type MapEntries, type MapName } from "../../shared/proxy/maps.ts";
import { slotName, type Slot } from "../../shared/proxy/slots.ts";
import type { ProxyRuntime } from "./state.ts";
import type { Wanted } from "./wanted.ts";

/**
 * What to say to a proxy that runs, so that it does what its files say, in an order in which no request falls between:
 * who is to serve does so before anything points there, and what nothing points to any more is taken away last.
 * Weights are what a rollout left.
 */
export function runtimeCommands(
  { slots, maps, certified }: Pick<Wanted, "slots" | "maps" | "certified">,
  runtime: ProxyRuntime | undefined,
): readonly string[] {
  if (runtime === undefined) return [];
  const live = new Map(runtime.servers.map((s) => [`${s.backend}/${s.slot}`, s]));
  const found = slots.flatMap((slot) => {
    const server = live.get(slotName(slot));
    return server === undefined ? [] : [{ slot, server }];
  });
  const changes = mapNames.map((name) => mapChanges(name, maps[name], runtime.maps[name]));
  return [
    // A server for routes is up as soon as the one that checks it is: by then it has to have its address.
    ...found.flatMap(({ slot, server }) => placing(slot, server)),
    ...found.flatMap(({ slot, server }) =>
      slot.address === undefined || server.ready ? [] : [`${setServer(slot)} state ready`],
    ),
    ...changes.flatMap(({ put }) => put),
    ...changes.toReversed().flatMap(({ gone }) => gone),
    ...found.flatMap(({ slot, server }) =>
      slot.address === undefined && server.ready ? [`${setServer(slot)} state maint`] : [],
    ),
    ...goneCommands(certified, runtime.certificates),
  ];
}

/** Hosts whose certificates are there and that it does not show yet: they have to be handed to it. */
export function newHosts(
  { certified }: Pick<Wanted, "certified">,
  runtime: ProxyRuntime | undefined,
): readonly string[] {
  const shown = new Set(runtime?.certificates);
  return runtime === undefined
    ? []
    : certified.filter((host) => !shown.has(certificateInProxy(host)));
}

function goneCommands(certified: readonly string[], shown: readonly string[]): readonly string[] {
  const wanted = new Set(certified.map(certificateInProxy));
  return shown
    .filter((file) => !wanted.has(file))
    .flatMap((file) => [`del ssl crt-list ${crtList} ${file}`, `del ssl cert ${file}`]);
}

const setServer = (slot: Slot): string => `set server ${slotName(slot)}`;

function placing(slot: Slot, live: ProxyServer): readonly string[] {
  if (slot.address === undefined) return [];
  const [address, port] = splitAddress(slot.address);
  const isThere = live.address === address && String(live.port) === port;
  return [
    ...(isThere ? [] : [`${setServer(slot)} addr ${address} port ${port}`]),
    ...(live.weight === fullWeight ? [] : [`${setServer(slot)} weight ${fullWeight}`]),
  ];
}

/** Percent of an instance's traffic. */
const fullWeight = 100;

/** Theirs who have certificates issued. */
const challenges = "acme.map";

/** A map that it does not look up cannot be changed, and need not be. */
function mapChanges(
  name: MapName,
  wanted: MapEntries | undefined,
  live: Readonly<Record<string, string>> | undefined,
): { readonly put: readonly string[]; readonly gone: readonly string[] } {
  if (wanted === undefined || live === undefined || name === challenges)
    return { put: [], gone: [] };
  const file = `${insideProxy.etc}/${name}`;
  const put = [...wanted].flatMap(([key, value]) => {
    const found = Object.hasOwn(live, key) ? live[key] : undefined;
    if (found === value) return [];
    const verb = found === undefined ? "add" : "set";
    return [`${verb} map ${file} ${escaped(key)} ${escaped(value)}`];
  });
  const gone = Object.keys(live)
    .filter((key) => !wanted.has(key))
    .toSorted()
    .map((key) => `del map ${file} ${escaped(key)}`);
  return { put, gone };
}
