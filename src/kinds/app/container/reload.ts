import type { Field } from "../../../model/change.ts";
import type { Bound, Step } from "../../../model/step.ts";
import { specDigest } from "../../shared/container/fields.ts";
import type { ContainerSpec, Reload } from "../../shared/container/spec.ts";
import { post, startContainer } from "../../shared/engine.ts";
import { versionFields } from "../../shared/files/nodes.ts";
import {
  dropFormer,
  keepFormer,
  layAnew,
  replace,
  restoreFormer,
} from "../../shared/files/replace.ts";
import type { InstanceContainer } from "./state.ts";

type Proving = (want: ContainerSpec, container: string) => readonly Step[];

/** The files of a container, which may have been made when the app had another name. */
function reloadOf(want: ContainerSpec, { spec }: InstanceContainer): Reload | undefined {
  if (want.reload === undefined || want.formerly === undefined) return want.reload;
  return [want, ...want.formerly].find((one) => specDigest(one) === spec)?.reload ?? want.reload;
}

/** Which shipped files are other than a container of this spec sees them. */
export const reloadFields = (want: ContainerSpec, live: InstanceContainer): readonly Field[] =>
  (want.reload?.files ?? []).flatMap((files) => {
    const seen = live.shipped?.files[files.target];
    return seen === undefined ? [] : versionFields(files, seen);
  });

export const isStale = (want: ContainerSpec, live: InstanceContainer): boolean =>
  live.shipped?.isHalfway === true || reloadFields(want, live).length > 0;

const folderAt = (root: string, { folder }: Reload): string => `${root}/files/${folder}`;

const sourcesOf = (root: string, { files }: Reload): readonly string[] =>
  files.map(({ digest }) => `${root}/files/${digest}`);

/** For a container that is made now, or starts. */
export function filesBeforeStart(
  want: ContainerSpec,
  live: InstanceContainer | undefined,
  root: string,
): readonly Step[] {
  const reload = live === undefined ? want.reload : reloadOf(want, live);
  if (reload === undefined || (live !== undefined && !isStale(want, live))) return [];
  return [layAnew(folderAt(root, reload), sourcesOf(root, reload))];
}

/** With the files that are declared now. */
export function proveRunning(
  want: ContainerSpec,
  live: InstanceContainer,
  root: string,
  prove: Proving,
): readonly Step[] {
  const reload = reloadIfStale(want, live, root, prove);
  return reload.length > 0 ? reload : prove(want, live.id);
}

/** A container that runs gets its files anew, is told so, and is proven; one that is not well with them gets the former. */
export function reloadIfStale(
  want: ContainerSpec,
  live: InstanceContainer,
  root: string,
  prove: Proving,
): readonly Step[] {
  const reload = reloadOf(want, live);
  if (reload === undefined || !live.running || !isStale(want, live)) return [];
  const folder = folderAt(root, reload);
  const told = (): readonly Step[] => [
    tell(live.id, reload.signal),
    ...prove(want, live.id),
    dropFormer(folder),
  ];
  return [
    keepFormer(folder),
    {
      do: "attempt",
      steps: [replace(folder, sourcesOf(root, reload)), ...told()],
      otherwise: [
        restoreFormer(folder, reload.files.length),
        // It may have ended over what it read.
        startContainer(live.id),
        ...told(),
      ],
    },
  ];
}

/** That it has ended meanwhile the probe tells. */
const tell = (container: string | Bound, signal: string): Step =>
  post(["containers", container, "kill"], {
    query: { signal },
    accept: [409],
    blame: "app",
    blameOn: [400],
  });
