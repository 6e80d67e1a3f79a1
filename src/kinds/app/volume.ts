import type { Json } from "../../lib/json.ts";
import type { EngineStep } from "../../model/step.ts";
import type { Kind } from "../kind.ts";
import { ofOtherFleet, ofRenamedApp } from "../shared/clash.ts";
import { labelOf } from "../shared/container/live.ts";
import { difference } from "../shared/difference.ts";
import {
  containersQuery,
  post,
  removeContainer,
  removeThing,
  volumesQuery,
} from "../shared/engine.ts";
import { label, labels } from "../shared/labels.ts";
import { optional } from "../shared/optional.ts";
import { listAt, optionalString, stringAt } from "../shared/reader.ts";

/** A named volume. Its data goes only by `Slipway-Allow: destroy`. */
export interface VolumeSpec {
  readonly app: string;
  readonly family: string;
  /** As declared: `data`. */
  readonly volume: string;
  /** The engine's name: `shop_data`, or exactly what `name:` says. */
  readonly engineName: string;
  /** `name:` says so: whoever made it. */
  readonly isExact: boolean;
  /** Another family that has it, as it was called like this one when it was made. */
  readonly takenBy?: string;
}

export interface VolumeState {
  readonly engineName: string;
  readonly driver: string;
  /** Where its data is on the machine. */
  readonly mountpoint: string;
  readonly owned: boolean;
  /** Whose it is, if it is another fleet's. */
  readonly fleet?: string;
  readonly app?: string;
  readonly family?: string;
  readonly volume?: string;
  /** Ids of containers of ours that mount it. */
  readonly mountedBy: readonly string[];
}

/** By now it is only kept: one that runs is refused, and its volume stays. */
const removeKept = (id: string): EngineStep => ({ ...removeContainer(id), query: {} });

const mountsVolume = (inspect: Json, engineName: string): boolean =>
  listAt(inspect, "Mounts").some(
    (mount) =>
      optionalString(mount, "Type") === "volume" && optionalString(mount, "Name") === engineName,
  );

export const volume: Kind<VolumeSpec, VolumeState> = {
  id: "app/volume",
  summary: "A named volume of an app; its data outlives the app until it is destroyed by name.",
  declaredIn: ["/apps/volumes"],
  name: (spec) => spec.volume,
  key: (spec) => spec.engineName,
  observe: () => [volumesQuery, containersQuery],
  read: (answers, about) => {
    const volumes = new Map<string, VolumeState>();
    const ours = answers
      .each(containersQuery)
      .filter((inspect) => labelOf(inspect, label.fleet) === about.fleet);
    for (const item of listAt(answers.json(volumesQuery), "Volumes")) {
      const fleet = optionalString(item, "Labels", label.fleet);
      const owned = fleet === about.fleet;
      const own = (name: string): string | undefined =>
        owned ? optionalString(item, "Labels", name) : undefined;
      const engineName = stringAt(item, "Name");
      volumes.set(engineName, {
        engineName,
        driver: stringAt(item, "Driver"),
        mountpoint: stringAt(item, "Mountpoint"),
        owned,
        ...optional("fleet", owned ? undefined : fleet),
        ...optional("app", own(label.app)),
        ...optional("family", own(label.family)),
        ...optional("volume", own(label.volume)),
        mountedBy: ours.filter((c) => mountsVolume(c, engineName)).map((c) => stringAt(c, "Id")),
      });
    }
    return volumes;
  },
  // One that was there before is used but not ours; another fleet's only where `name:` says so.
  owner: (state) =>
    state.owned
      ? {
          ...optional("app", state.app),
          ...optional("family", state.family),
          name: state.volume ?? state.engineName,
        }
      : undefined,
  clash: ({ engineName, family, volume, isExact, takenBy }, have) => {
    const thing = `volume ${engineName}`;
    if (isExact) return undefined;
    if (takenBy !== undefined) return ofRenamedApp(thing, takenBy, family);
    const needs = `another name for app ${family}, or 'name: ${engineName}' at volume ${volume} to share its data`;
    return have?.fleet === undefined ? undefined : ofOtherFleet(thing, have.fleet, needs);
  },
  diff: (want, have) => {
    if (want === undefined) {
      return have?.owned === true
        ? difference("delete", "undeclared", `volume ${have.engineName} is not declared`)
        : undefined;
    }
    return have === undefined
      ? difference("create", "missing", `there is no volume ${want.engineName}`)
      : undefined;
  },
  apply: ({ want, have }, facts) => {
    if (want === undefined)
      return have === undefined
        ? []
        : [...have.mountedBy.map(removeKept), removeThing("volumes", have.engineName)];
    const body = {
      Name: want.engineName,
      Labels: labels({
        [label.fleet]: facts.fleet,
        [label.app]: want.app,
        [label.family]: want.family,
        [label.volume]: want.volume,
      }),
    };
    return [post(["volumes", "create"], { body })];
  },
  redact: (state) => state,
};
