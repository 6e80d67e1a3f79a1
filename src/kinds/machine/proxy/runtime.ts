import type { ProxyServer } from "../../../lib/haproxy.ts";
import { slotName } from "../../shared/proxy/slots.ts";
import type { ProxyRuntime } from "./state.ts";
import type { Wanted } from "./wanted.ts";

/** As the proxy calls a file of its folder. */
const seen = "/etc/slipway";

/** What to say to a proxy that runs, so that it does what its files say. Weights are what a rollout left. */
export function runtimeCommands(
  { slots, maps }: Pick<Wanted, "slots" | "maps">,
  runtime: ProxyRuntime | undefined,
): readonly string[] {
  if (runtime === undefined) return [];
  const live = new Map(runtime.servers.map((s) => [`${s.backend}/${s.slot}`, s]));
  return [
    // Who is to be found comes before who is asked for.
    ...slots.flatMap((slot) => serverCommands(live.get(slotName(slot)), slot.address)),
    ...Object.entries(maps)
      .filter(([name]) => name !== challenges)
      .flatMap(([name, entries]) =>
        mapCommands(`${seen}/${name}`, entries, runtime.maps[name] ?? {}),
      ),
  ];
}

/** Theirs who have certificates issued. */
const challenges = "acme.map";

function serverCommands(
  live: ProxyServer | undefined,
  wanted: string | undefined,
): readonly string[] {
  if (live === undefined) return [];
  const server = `set server ${live.backend}/${live.slot}`;
  if (wanted === undefined) return live.ready ? [`${server} state maint`] : [];
  const colon = wanted.lastIndexOf(":");
  const [address, port] = [wanted.slice(0, colon), wanted.slice(colon + 1)];
  const isThere = live.address === address && String(live.port) === port;
  return [
    ...(isThere ? [] : [`${server} addr ${address} port ${port}`]),
    ...(live.weight === fullWeight ? [] : [`${server} weight ${fullWeight}`]),
    ...(live.ready ? [] : [`${server} state ready`]),
  ];
}

/** Percent of an instance's traffic. */
const fullWeight = 100;

/** What would end a command. */
const escaped = (value: string): string => value.replaceAll(/[\\;]/g, "\\$&");

function mapCommands(
  file: string,
  wanted: ReadonlyMap<string, string>,
  live: Readonly<Record<string, string>>,
): readonly string[] {
  return [
    ...[...wanted].flatMap(([key, value]) => {
      const found = Object.hasOwn(live, key) ? live[key] : undefined;
      if (found === value) return [];
      return found === undefined
        ? [`add map ${file} ${key} ${escaped(value)}`]
        : [`set map ${file} ${key} ${escaped(value)}`];
    }),
    ...Object.keys(live)
      .filter((key) => !wanted.has(key))
      .map((key) => `del map ${file} ${key}`),
  ];
}
