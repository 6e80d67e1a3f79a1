import type { ContainerSpec, ReleaseSpec } from "../kinds/index.ts";
import { digestOf, shortHash } from "../lib/hash.ts";
import { wordsOf } from "../lib/words.ts";
import type { AppDocument } from "../model/documents.ts";
import type { Resource } from "../model/resource.ts";
import { containerSpec } from "./container.ts";
import { fieldsOn } from "./names.ts";
import { milliseconds } from "./units.ts";
import {
  filesOn,
  isUnclear,
  placementOf,
  referenceOf,
  resourceOf,
  type MachineContext,
  type Work,
} from "./work.ts";

/** One release for each distinct image and command of a family, on its first machine. */
export function releases(
  machine: string,
  context: MachineContext,
  placed: readonly AppDocument[],
  input: Work,
): readonly Resource[] {
  const found = new Map<string, Resource>();
  for (const app of placed) {
    const { release } = fieldsOn(app, machine);
    const image = referenceOf(app, machine, input.images);
    if (release === undefined || image === undefined) continue;
    const family = input.apps.filter((a) => a.family === app.family);
    if (family.flatMap((a) => a.machines).toSorted()[0] !== machine) continue;
    const command = wordsOf(release.command);
    const digest = digestOf({ image, command });
    const files = filesOn(app, machine, context, input);
    const at = placementOf(app, machine, context, image, files, input);
    const container = containerSpec(app, 1, { ...at, gateway: at.gateway ?? "127.0.0.1" });
    if (container === undefined || isUnclear(app, context, input)) continue;
    if (found.has(`${app.family} ${digest}`)) continue;
    const spec: ReleaseSpec = {
      family: app.family,
      app: app.name,
      formerly: input.renames.former.get(app.family) ?? [],
      digest,
      container: {
        ...container,
        networks: withoutNames(container.networks),
        command,
        ports: [],
        restart: "no",
        running: true,
        probe: "off",
      },
      deadlineMs: milliseconds(release.deadline ?? "5m"),
    };
    found.set(
      `${app.family} ${digest}`,
      resourceOf(machine, "app/release", shortHash(digest), spec, app, ["release"]),
    );
  }
  return [...found.values()];
}

/** It serves nothing: nobody is to find it under the app's name. */
const withoutNames = (networks: ContainerSpec["networks"]): ContainerSpec["networks"] =>
  networks === "host" ? networks : networks.map(({ name }) => ({ name, aliases: [] }));
