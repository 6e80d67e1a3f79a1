import { ipVersion, isLoopback, isUnspecified } from "../../lib/ip.ts";
import { parseNetwork, sameNetwork, type Network } from "../../lib/opening.ts";
import type { Machine } from "../machine.ts";
import { placeOf, type Rule } from "./repo.ts";

const path = ["wireguard", "address"];

/** Their private network is one, in which each has an address of its own that is not also the way to it. */
export const privateNetworkIsOne: Rule = ({ machines }, report) => {
  let first: { readonly machine: Machine; readonly network: Network } | undefined;
  const taken = new Map<string, Machine>();
  for (const machine of machines.values()) {
    const { fields, at } = machine;
    const text = fields.wireguard?.address;
    if (text === undefined) continue;
    const network = parseNetwork(text);
    const why = network === undefined ? "is not an address with a prefix" : whyUnusable(network);
    if (network === undefined || why !== undefined) {
      report("bad-private-address", at(path), `wireguard's address ${text} ${why}`);
      continue;
    }
    first ??= { machine, network };
    const { address } = fields;
    if (!sameNetwork(first.network, network))
      report(
        "bad-private-address",
        at(path),
        `${text} is not in the network of machine '${first.machine.name}' (${placeOf(first.machine.at(path))})`,
      );
    const direct = address === undefined ? undefined : ipVersion(address);
    if (address !== undefined && direct !== undefined) {
      const own: Network = { version: direct, address, prefix: network.prefix };
      if (sameNetwork(network, own))
        report(
          "bad-private-address",
          at(path),
          `${text} is the network in which the machine itself is reached, at ${address}`,
        );
    }
    const other = taken.get(network.address);
    if (other === undefined) taken.set(network.address, machine);
    else
      report(
        "duplicate-address",
        at(path),
        `machine '${other.name}' has the same address (${placeOf(other.at(path))})`,
      );
  }
};

function whyUnusable({ address, prefix }: Network): string | undefined {
  if (isLoopback(address) || isUnspecified(address)) return "cannot be reached from other machines";
  return prefix < 8 || prefix === 32
    ? "says no network that has room for others, such as /24"
    : undefined;
}
