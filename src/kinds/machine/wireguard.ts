import type { Field } from "../../model/change.ts";
import type { Step } from "../../model/step.ts";
import type { Kind } from "../kind.ts";
import { difference } from "../shared/difference.ts";
import { optional } from "../shared/optional.ts";
import { confOf, confPath } from "./wireguard/conf.ts";
import { readWireguard, wireguardQueries } from "./wireguard/query.ts";
import type { WireguardLink, WireguardSpec, WireguardState } from "./wireguard/state.ts";
import { asTrial, bringUp, makeKey, syncPeers, takeDown } from "./wireguard/steps.ts";

export const wireguard: Kind<WireguardSpec, WireguardState> = {
  id: "machine/wireguard",
  summary: "The machine's part in the private network of the fleet.",
  declaredIn: ["/machines/wireguard"],
  name: () => "",
  key: () => "",
  observe: wireguardQueries,
  read: readWireguard,
  owner: () => ({ name: "" }),
  diff: (want, have, { root, fleet }) => {
    if (want === undefined)
      return have === undefined
        ? undefined
        : difference(
            "delete",
            "undeclared",
            "wireguard is no longer declared: the machine leaves the private network, and its key goes; declared again it has another",
          );
    if (have?.link === undefined || have.key === undefined)
      return have?.conf === undefined
        ? difference("create", "missing", "it is not in the private network", [
            { path: "address", declared: want.address },
          ])
        : difference(
            "update",
            "unfinished",
            "its part in the private network is gone, or half made",
          );
    const fields = [...linkFields(want, have, have.link), ...fileFields(want, have, root, fleet)];
    return fields.length === 0
      ? undefined
      : difference("update", "changed", "its private network is not as declared", fields);
  },
  traces: (want, have, { root, fleet }) =>
    have === undefined || have.conf === confOf(want, root)
      ? []
      : [{ of: "file", path: confPath(fleet) }],
  apply: ({ want, have }, { root, fleet }) => {
    if (want === undefined) return asTrial(fleet, root, [takeDown(fleet, root)]);
    const conf = confOf(want, root);
    const isUp = have?.link !== undefined && hasAddress(want, have.link);
    const steps: readonly Step[] = [
      ...(have?.conf === conf
        ? []
        : [
            {
              do: "put" as const,
              path: confPath(fleet),
              content: { text: conf },
              mode: "0600",
            },
          ]),
      ...(isUp && have.atBoot !== false
        ? []
        : [bringUp(fleet, want.address, isUp ? "as it is" : "anew")]),
      ...(isUp ? [syncPeers(fleet, root)] : []),
    ];
    // Peers that come and go change no way that does not lead over them.
    const isTrial = !isUp || want.isNamed === true;
    return [makeKey(root), ...(isTrial ? asTrial(fleet, root, steps) : steps)];
  },
  redact: (state) => state,
};

const hasAddress = ({ address }: WireguardSpec, { addresses }: WireguardLink): boolean =>
  addresses.length === 1 && addresses[0] === address;

/** Where a peer was heard last is its own affair: it may have moved. */
function linkFields(
  want: WireguardSpec,
  { key }: WireguardState,
  link: WireguardLink,
): readonly Field[] {
  const { address, port, peers } = want;
  const names = new Map(peers.map((peer) => [peer.key, peer.name]));
  const strangers = Object.entries(link.peers).filter(([one]) => !names.has(one));
  return [
    ...(hasAddress(want, link)
      ? []
      : [{ path: "address", declared: address, live: link.addresses.join(", ") }]),
    ...(link.port === port
      ? []
      : [{ path: "port", declared: port, ...optional("live", link.port) }]),
    ...(link.key === key
      ? []
      : [{ path: "key", ...optional("declared", key), ...optional("live", link.key) }]),
    ...peers
      .filter((peer) => link.peers[peer.key] !== peer.allowed)
      .map((peer) => ({
        path: `peers.${peer.name}`,
        declared: peer.allowed,
        ...optional("live", link.peers[peer.key]),
      })),
    ...strangers.map(([one, allowed]) => ({ path: `peers.${one}`, live: allowed })),
  ];
}

const fileFields = (
  want: WireguardSpec,
  { conf, atBoot }: WireguardState,
  root: string,
  fleet: string,
): readonly Field[] => [
  ...(conf === confOf(want, root)
    ? []
    : [
        {
          path: confPath(fleet),
          declared: "as declared",
          live: conf === undefined ? "none" : "otherwise",
        },
      ]),
  ...(atBoot === false ? [{ path: "at boot", declared: "up", live: "otherwise" }] : []),
];
