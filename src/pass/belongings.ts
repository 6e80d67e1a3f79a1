import type { Belongings, UsedThings } from "../desired/belongings.ts";
import type { ContainerState, NetworkState, VolumeState } from "../kinds/index.ts";
import { isObject } from "../lib/json.ts";
import type { Observation } from "../model/observation.ts";

/** Volumes and bridges of families on a machine; undefined where one of them was not seen. */
export function belongingsOf(observation: Observation): Belongings | undefined {
  const containers = statesIn(observation, "app/container") as
    | readonly ContainerState[]
    | undefined;
  const volumes = statesIn(observation, "app/volume") as readonly VolumeState[] | undefined;
  const networks = statesIn(observation, "app/network") as readonly NetworkState[] | undefined;
  if (containers === undefined || volumes === undefined || networks === undefined) return undefined;
  const own = new Map(volumes.filter((v) => v.owned).map((v) => [v.engineName, v]));
  const bridges = new Set(
    networks.filter((n) => n.owned && n.app !== undefined).map((n) => n.network),
  );
  const used = new Map<string, UsedThings>();
  for (const { family, containers: all } of containers) {
    const before = used.get(family) ?? { volumes: new Map<string, string>(), networks: [] };
    const mounted = all.flatMap(volumesIn).flatMap((name) => declaredName(own.get(name)));
    used.set(family, {
      volumes: new Map([...before.volumes, ...mounted]),
      networks: [
        ...before.networks,
        ...all.flatMap((c) => c.networks.filter((n) => bridges.has(n))),
      ],
    });
  }
  return { volumes: new Set(own.keys()), networks: bridges, used };
}

/** What is called otherwise than after a family, was called so by `name:`. */
const declaredName = (volume: VolumeState | undefined): readonly (readonly [string, string])[] =>
  volume?.volume !== undefined && volume.engineName === `${volume.app}_${volume.volume}`
    ? [[volume.volume, volume.engineName]]
    : [];

const volumesIn = ({ fields }: ContainerState["containers"][number]): readonly string[] =>
  Object.entries(fields).flatMap(([path, value]) => {
    if (!path.startsWith("mounts.") || !isObject(value) || value["type"] !== "volume") return [];
    return typeof value["source"] === "string" ? [value["source"]] : [];
  });

function statesIn(observation: Observation, kind: string): readonly unknown[] | undefined {
  const live = observation.kinds.get(kind);
  if (live?.state === "absent") return [];
  return live?.state === "present" ? [...live.value.values()] : undefined;
}
