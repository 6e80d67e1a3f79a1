import type { Step } from "../../../model/step.ts";
import type { ContainerSpec } from "../../shared/container/spec.ts";
import type { InstanceContainer } from "./state.ts";

type Addresses = InstanceContainer["addresses"];

/** What a container that is made now has. */
export const givenAddresses = ({ networks }: ContainerSpec): Addresses =>
  networks === "host"
    ? {}
    : Object.fromEntries(
        networks.flatMap(({ name, address }) => (address === undefined ? [] : [[name, address]])),
      );

/**
 * Names of an instance go over to who serves now, in the files that running containers have mounted: the instant that
 * it serves, as a rollout over many machines may take long to end.
 */
export function takeNames(
  serving: Addresses,
  others: readonly InstanceContainer[],
  root: string,
): readonly Step[] {
  return Object.entries(serving).flatMap(([network, address]): readonly Step[] => {
    const former = others.flatMap((c) => c.addresses[network] ?? []).filter((a) => a !== address);
    if (former.length === 0) return [];
    return [{ do: "run", argv: ["sh", "-c", script, "sh", root, address, ...former], timeoutMs }];
  });
}

const timeoutMs = 30_000;

/** Written in place, one at a time: apps that have nothing to do with each other roll side by side. */
const script = `
set -eu
root=$1 address=$2
shift 2
exec 9<"$root"
flock 9
for path in "$root"/hosts "$root"/hosts.* "$root"/inodes/hosts.*; do
  [ -f "$path" ] || continue
  changed=
  while read -r first names; do
    for former; do
      [ "$first" != "$former" ] || first=$address changed=yes
    done
    printf '%s %s\\n' "$first" "$names"
  done <"$path" >"$root/names"
  [ -z "$changed" ] || cat <"$root/names" >"$path"
done
rm -f "$root/names"
`;
