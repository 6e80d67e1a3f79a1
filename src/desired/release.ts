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
  type CompileInput,
  type MachineContext,
  type Work,
} from "./work.ts";

/** A release of a family, with the app as which and the machine on which it runs. */
export interface DueRelease {
  readonly app: AppDocument;
  readonly machine: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly digest: string;
  readonly deadlineMs: number;
}

/** One for each distinct image and command of a family: on the first machine of the apps that share it. */
export function dueReleases(input: CompileInput): readonly DueRelease[] {
  const first = new Map<string, DueRelease>();
  for (const app of input.apps) {
    const due = releaseOf(app, input);
    if (due === undefined) continue;
    const key = `${app.family} ${due.digest}`;
    const other = first.get(key);
    if (other === undefined || due.machine < other.machine) first.set(key, due);
  }
  return [...first.values()];
}

function releaseOf(app: AppDocument, { images }: CompileInput): DueRelease | undefined {
  const [machine] = app.machines.toSorted();
  if (machine === undefined) return undefined;
  const { release } = fieldsOn(app, machine);
  const image = referenceOf(app, machine, images);
  if (release === undefined || image === undefined) return undefined;
  const command = wordsOf(release.command);
  const deadlineMs = milliseconds(release.deadline ?? "5m");
  return { app, machine, image, command, digest: digestOf({ image, command }), deadlineMs };
}

export function releaseResource(
  { app, machine, image, command, digest, deadlineMs }: DueRelease,
  context: MachineContext,
  input: Work,
): readonly Resource[] {
  const files = filesOn(app, machine, context, input);
  const at = placementOf(app, machine, context, image, files, input);
  const container = containerSpec(app, 1, {
    ...at,
    gateway: at.gateway ?? "127.0.0.1",
    endsByItself: true,
  });
  if (container === undefined || isUnclear(app, context, input)) return [];
  const spec: ReleaseSpec = {
    family: app.family,
    app: app.name,
    formerly: input.renames.former.get(app.family) ?? [],
    digest,
    ...(input.released?.get(app.family)?.has(digest) === true ? { hasRun: true } : {}),
    container: {
      ...container,
      networks: withoutNames(container.networks),
      command,
      ports: [],
      restart: "no",
      running: true,
      probe: "off",
    },
    deadlineMs,
  };
  return [resourceOf(machine, "app/release", shortHash(digest), spec, app, ["release"])];
}

/** It serves nothing: nobody is to find it under the app's name. */
export const withoutNames = (networks: ContainerSpec["networks"]): ContainerSpec["networks"] =>
  networks === "host" ? networks : networks.map(({ name }) => ({ name, aliases: [] }));
