import { standardSite, type ProxySite } from "./config/site.ts";
import { specMaps, type MapEntries, type MapName, type SpecMap } from "./maps.ts";
import type { LiveProxy, ServerSeen } from "./readings.ts";
import { slotName, type Slot } from "./slots.ts";

export interface WantedProxy {
  readonly maps: Readonly<Record<SpecMap, MapEntries>>;
  readonly slots: readonly Slot[];
}

/**
 * What to say to a running proxy so that it is as wanted, in an order in which no request falls between: who is to
 * serve does so before anything points there, and what nothing points to any more is taken away last.
 */
export function runtimeCommands(
  live: LiveProxy,
  wanted: WantedProxy,
  { etc }: Pick<ProxySite, "etc"> = standardSite,
): readonly string[] {
  const seen = new Map(live.servers.map((server) => [slotName(server), server]));
  const changes = specMaps.flatMap((name) => {
    const found = live.maps.get(name);
    return found === undefined ? [] : [mapCommands(name, found, wanted.maps[name], etc)];
  });
  return [
    ...wanted.slots.flatMap((slot) => openCommands(slot, seen.get(slotName(slot)))),
    ...changes.flatMap(({ put }) => put),
    ...changes.toReversed().flatMap(({ gone }) => gone),
    ...wanted.slots.flatMap((slot) => closeCommands(slot, seen.get(slotName(slot)))),
  ];
}

/** To one that serves; nothing to one that does so already. */
function openCommands(slot: Slot, seen: ServerSeen | undefined): readonly string[] {
  if (slot.address === undefined || seen === undefined) return [];
  const [address, port] = splitAddress(slot.address);
  const name = slotName(slot);
  return [
    ...(seen.address === slot.address ? [] : [`set server ${name} addr ${address} port ${port}`]),
    ...(seen.isSetAside ? [`set server ${name} state ready`] : []),
  ];
}

/** Its requests under way go on. */
const closeCommands = (slot: Slot, seen: ServerSeen | undefined): readonly string[] =>
  slot.address !== undefined || seen === undefined || seen.isSetAside
    ? []
    : [`set server ${slotName(slot)} state maint`];

const splitAddress = (text: string): readonly [address: string, port: string] => {
  const at = text.lastIndexOf(":");
  return [text.slice(0, at).replaceAll(/^\[|\]$/g, ""), text.slice(at + 1)];
};

function mapCommands(
  name: MapName,
  live: MapEntries,
  wanted: MapEntries,
  etc: string,
): { readonly put: readonly string[]; readonly gone: readonly string[] } {
  const file = `${etc}/${name}`;
  const put = [...wanted].flatMap(([key, value]) => {
    const found = live.get(key);
    if (found === value) return [];
    const verb = found === undefined ? "add" : "set";
    return [`${verb} map ${file} ${escaped(key)} ${escaped(value)}`];
  });
  const gone = [...live.keys()]
    .filter((key) => !wanted.has(key))
    .map((key) => `del map ${file} ${escaped(key)}`);
  return { put, gone };
}

/** A `;` would end a command, a blank an argument. */
const escaped = (text: string): string => text.replaceAll(/[^\w./:=~*%@-]/g, (sign) => `\\${sign}`);

/** Commands as lines to send, several in each, none longer than HAProxy takes. */
export function commandLines(commands: readonly string[], mostBytes = 8_000): readonly string[] {
  const lines: string[] = [];
  for (const command of commands) {
    const last = lines.at(-1);
    if (last === undefined || last.length + command.length > mostBytes) lines.push(command);
    else lines[lines.length - 1] = `${last}; ${command}`;
  }
  return lines;
}
