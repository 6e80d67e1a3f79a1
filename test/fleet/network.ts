import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { claimNet, releaseNets } from "./home.ts";
import { endTied, spawnTied, type Tied } from "./processes.ts";
import { must, run } from "./run.ts";
import type { Side } from "./types.ts";

/** The fleet's two networks: bridges in a namespace that the hub process holds. */
export type Network = {
  readonly prefix: string;
  /** The fleet's folder. */
  readonly dir: string;
  readonly net: number;
  readonly hub: Tied;
  readonly hostAddress: string;
  readonly hostPrivateAddress: string;
};

// 198.18.0.0/15 is for benchmarks and in no private range: an address there counts as public.
export const publicAddress = (net: number, host: number): string => `198.18.${net}.${host}`;
export const privateAddress = (net: number, host: number): string => `10.198.${net}.${host}`;
export const hostInterface = (prefix: string, side: Side): string =>
  `${prefix}-${side.slice(0, 3)}`;

const sides: readonly Side[] = ["public", "private"];
const port = (index: number, side: Side): string => `m${index}-${side.slice(0, 3)}`;

export async function openNetwork(prefix: string, dir: string): Promise<Network> {
  const taken = new Set(
    Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map((one) => one.address.replace(/\.\d+$/, "")),
    ),
  );
  const net = await claimNet(prefix, (n) => !taken.has(`198.18.${n}`) && !taken.has(`10.198.${n}`));
  const hub = await spawnTied(dir, [
    "unshare",
    "--net",
    "sh",
    join(import.meta.dirname, "hub.sh"),
    prefix,
  ]);
  const hostAddress = publicAddress(net, 1);
  const hostPrivateAddress = privateAddress(net, 1);
  const inHost = sides.flatMap((side) => {
    const name = hostInterface(prefix, side);
    return [
      `link add ${name} type veth peer name host-${side.slice(0, 3)} netns ${hub.pid}`,
      `addr add ${side === "public" ? hostAddress : hostPrivateAddress}/24 dev ${name}`,
      `link set ${name} up`,
    ];
  });
  await must(["ip", "-batch", "-"], { input: inHost.join("\n") });
  const network = { prefix, dir, net, hub, hostAddress, hostPrivateAddress };
  await inHub(
    network,
    sides.map((side) => `link set host-${side.slice(0, 3)} master ${side} up`),
  );
  return network;
}

export async function closeNetwork(network: Network): Promise<void> {
  await removeHostInterfaces(network.prefix);
  await endTied(network.hub);
  await releaseNets(network.prefix);
}

export async function removeHostInterfaces(prefix: string): Promise<void> {
  for (const side of sides) await run(["ip", "link", "del", hostInterface(prefix, side)]);
}

/** Puts both cables into a machine that is booting. Its hardware addresses outlive a reboot, as real ones do. */
export function plug(network: Network, index: number, pid: number): Promise<void> {
  const hex = (n: number): string => n.toString(16).padStart(2, "0");
  return inHub(
    network,
    sides.flatMap((side, i) => [
      `link add ${port(index, side)} type veth peer name eth${i} address 02:c6:12:${hex(network.net)}:${hex(index)}:${hex(i)} netns ${pid}`,
      `link set ${port(index, side)} master ${side} up`,
    ]),
  );
}

/** Takes the ports of a machine that is off away; the kernel would do so as well, but later. */
export async function unplug(network: Network, index: number): Promise<void> {
  await inHub(
    network,
    sides.map((side) => `link del ${port(index, side)}`),
  ).catch(() => undefined);
}

export function setCable(
  network: Network,
  index: number,
  state: "up" | "down",
  side?: Side,
): Promise<void> {
  const chosen = side === undefined ? sides : [side];
  return inHub(
    network,
    chosen.map((one) => `link set ${port(index, one)} ${state}`),
  );
}

async function inHub(network: Network, commands: readonly string[]): Promise<void> {
  const argv = ["nsenter", `--net=/proc/${network.hub.pid}/ns/net`, "ip", "-force", "-batch", "-"];
  await must(argv, { input: commands.join("\n") });
}
