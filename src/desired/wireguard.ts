import { keysIn, type WireguardPeer, type WireguardSpec } from "../kinds/index.ts";
import { ipVersion } from "../lib/ip.ts";
import { resourceAddress } from "../model/address.ts";
import type { MachineDocument } from "../model/documents.ts";
import type { Compiled, MachineContext } from "./work.ts";

const kind = "machine/wireguard";

/** Where a machine listens, unless its file says otherwise. */
export const usualPort = 51_820;

/**
 * A machine's part in the private network. Its peers are all others that have one: by the key that each was seen to have, or,
 * where it does not answer, by the one that this machine knows it by. Who has made none yet is awaited.
 */
export function wireguardOn(
  { name: machine, fields, at }: MachineDocument,
  machines: ReadonlyMap<string, MachineDocument>,
  contexts: ReadonlyMap<string, Pick<MachineContext, "wireguard">>,
): Compiled {
  const { wireguard } = fields;
  if (wireguard === undefined) return { resources: [], awaiting: [] };
  const known = keysIn(contexts.get(machine)?.wireguard?.conf ?? "");
  const others = [...machines.values()].filter(
    (other) => other.name !== machine && other.fields.wireguard !== undefined,
  );
  const keyOf = (other: string): string | undefined =>
    contexts.get(other)?.wireguard?.key ?? known.get(other);
  const peers = others.flatMap((other): readonly WireguardPeer[] => {
    const key = keyOf(other.name);
    return key === undefined ? [] : [{ name: other.name, key, ...placeOf(other.fields) }];
  });
  const spec: WireguardSpec = {
    address: wireguard.address,
    port: wireguard.port ?? usualPort,
    peers: peers.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...(ipVersion(fields.address) === undefined ? { isNamed: true as const } : {}),
  };
  const address = resourceAddress(machine, kind, undefined, "");
  const where = at(["wireguard"]);
  return {
    resources: [{ address, kind, machine, name: "", spec, where }],
    awaiting: others
      .filter((other) => contexts.has(other.name) && keyOf(other.name) === undefined)
      .map((other) => ({ address: `${address}/${other.name}`, on: `the key of ${other.name}` })),
  };
}

function placeOf({
  address,
  wireguard,
}: MachineDocument["fields"]): Pick<WireguardPeer, "endpoint" | "allowed"> {
  const [own = ""] = wireguard?.address.split("/") ?? [];
  const host = ipVersion(address) === 6 ? `[${address}]` : address;
  return {
    endpoint: `${host}:${wireguard?.port ?? usualPort}`,
    allowed: `${own}/32`,
  };
}
