import { digestOf } from "../../../lib/hash.ts";
import type { WireguardPeer, WireguardSpec } from "./state.ts";

/** One a fleet; the kernel takes 15 characters. */
export function linkName(fleet: string): string {
  const name = `slipway-${fleet}`;
  return name.length <= 15 ? name : `slipway-${digestOf(fleet).slice(0, 7)}`;
}

export const confPath = (fleet: string): string => `/etc/wireguard/${linkName(fleet)}.conf`;

export const keyFolder = (root: string): string => `${root}/wireguard`;

/** The file of wg-quick. The private key stays in its own, so that this one can be compared and shown. */
export const confOf = ({ address, port, peers }: WireguardSpec, root: string): string =>
  [
    "# Written by Slipway.",
    "[Interface]",
    `Address = ${address}`,
    `ListenPort = ${port}`,
    `PostUp = wg set %i private-key ${keyFolder(root)}/key`,
    ...peers.flatMap(peerLines),
    "",
  ].join("\n");

/** It is kept alive so that it finds the way back through a router. */
const peerLines = ({ name, key, endpoint, allowed }: WireguardPeer): readonly string[] => [
  "",
  "[Peer]",
  `# ${name}`,
  `PublicKey = ${key}`,
  `Endpoint = ${endpoint}`,
  `AllowedIPs = ${allowed}`,
  "PersistentKeepalive = 25",
];

/** By name: the public keys that a machine knows of the others. That one of them does not answer takes it from nobody. */
export const keysIn = (conf: string): ReadonlyMap<string, string> =>
  new Map(
    [...conf.matchAll(/^\[Peer\]\n# ([a-z0-9-]+)\nPublicKey = ([A-Za-z0-9+/]{43}=)$/gm)].map(
      ([, name = "", key = ""]) => [name, key],
    ),
  );
