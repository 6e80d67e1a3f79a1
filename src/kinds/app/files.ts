import type { PutStep, Step } from "../../model/step.ts";
import type { Kind } from "../kind.ts";
import { bindsOf, nameOf } from "../shared/container/live.ts";
import { difference } from "../shared/difference.ts";
import { containersQuery } from "../shared/engine.ts";
import {
  folderMode,
  liveNodes,
  liveOf,
  versionFields,
  wantedNodes,
  type FilesLive,
} from "../shared/files/nodes.ts";
import type { FileEntry, FilesSpec } from "../shared/files/spec.ts";
import { formerOf } from "../shared/files/replace.ts";
import { parseTrees, treesQuery } from "../shared/files/tree.ts";

export { versionFields } from "../shared/files/nodes.ts";
export type { FilesSpec } from "../shared/files/spec.ts";

export interface FilesState extends FilesLive {
  readonly digest: string;
  /** Containers of the fleet that mount it, kept ones as well. */
  readonly mountedBy: readonly string[];
}

/** Under its digest, or copies that containers see, or what was being written when a machine went down. */
const ownName =
  /^[0-9a-f]{8,}(?:\.partial|\.slipway-[0-9a-f]{12}|\.live(?:\.before)?(?:\.partial)?)?$/;

export const files: Kind<FilesSpec, FilesState> = {
  id: "app/files",
  summary: "A file or a folder that an app ships, on the machine under its digest.",
  declaredIn: ["/apps/files"],
  name: (spec) => spec.target.slice(1),
  key: (spec) => spec.digest,
  keeps: ({ copies = [] }) => copies.flatMap((copy) => [copy, formerOf(copy)]),
  observe: (about) => [treesQuery(about.root), containersQuery],
  read: (answers, about) => {
    const containers = answers.each(containersQuery);
    const states = new Map<string, FilesState>();
    for (const [digest, tree] of parseTrees(answers.text(treesQuery(about.root)))) {
      if (!ownName.test(digest)) continue;
      const path = `${about.root}/files/${digest.replace(/\.live\..*/, ".live")}`;
      const isMounted = (bind: string): boolean => bind === path || bind.startsWith(`${path}/`);
      const mountedBy = containers.filter((c) => bindsOf(c).some(isMounted)).map(nameOf);
      states.set(digest, { digest, ...liveOf(tree), mountedBy: mountedBy.toSorted() });
    }
    return states;
  },
  owner: ({ digest }) => ({ name: digest }),
  diff: (want, have) => {
    if (want === undefined) {
      // What a kept container mounts is needed to bring it back.
      return have === undefined || have.mountedBy.length > 0
        ? undefined
        : difference("delete", "undeclared", `files ${have.digest.slice(0, 8)} are not declared`);
    }
    if (have === undefined)
      return difference(
        "create",
        "missing",
        `${want.target} with this content is not on this machine`,
      );
    const fields = versionFields(want, have);
    return fields.length === 0
      ? undefined
      : difference("update", "edited", `${want.target} is not as it was shipped`, fields);
  },
  apply: ({ want, have }, facts) => {
    if (want === undefined)
      return have === undefined
        ? []
        : [{ do: "remove", path: `${facts.root}/files/${have.digest}` }];
    const path = `${facts.root}/files/${want.digest}`;
    return have === undefined ? [putAll(want, path)] : repair(want, have, path);
  },
  redact: (state) => state,
};

function putAll(want: FilesSpec, path: string): PutStep {
  const [only] = want.entries;
  const { owner } = want;
  if (!want.folder && only !== undefined)
    return { do: "put", path, content: only.content, mode: only.mode, owner };
  const entries = want.entries.map(({ path: below, content, mode }) => ({
    path: below,
    content,
    mode,
  }));
  return { do: "put", path, entries, mode: folderMode, owner };
}

/** File by file and in place, so that containers that mount it see it; as a whole only where folders are wrong. */
function repair(want: FilesSpec, have: FilesState, path: string): readonly Step[] {
  const [nodes, live] = [wantedNodes(want), liveNodes(have)];
  const folders = [...nodes].filter(([, node]) => isFolder(node));
  const wrongFolder = folders.some(([below]) => !isFolder(live.get(below)));
  if (wrongFolder || have.odd || (!want.folder && isFolder(live.get(""))))
    return [{ do: "remove", path }, putAll(want, path)];
  const at = (below: string): string => (below === "" ? path : `${path}/${below}`);
  const extra = [...live.keys()]
    .filter((below) => !nodes.has(below))
    .filter((below, _, all) => !all.some((other) => below.startsWith(`${other}/`)))
    .map((below): Step => ({ do: "remove", path: at(below) }));
  const attributes = folders
    .filter(([below, node]) => node !== live.get(below))
    .flatMap(([below]): readonly Step[] => [
      { do: "run", argv: ["chown", want.owner, "--", at(below)], timeoutMs: 10_000 },
      { do: "run", argv: ["chmod", folderMode, "--", at(below)], timeoutMs: 10_000 },
    ]);
  const contents = want.entries
    .filter((entry) => nodes.get(entry.path) !== live.get(entry.path))
    .flatMap((entry) => mend(want, entry, at(entry.path), live.get(entry.path)));
  return [...extra, ...attributes, ...contents];
}

function mend(
  { owner }: FilesSpec,
  { content, mode }: FileEntry,
  path: string,
  live: string | undefined,
): readonly Step[] {
  const inPlace = live?.startsWith("file ") === true;
  const put: PutStep = {
    do: "put",
    path,
    content,
    mode,
    owner,
    ...(inPlace ? { inPlace } : {}),
  };
  return live === undefined || inPlace ? [put] : [{ do: "remove", path }, put];
}

const isFolder = (node: string | undefined): boolean => node?.startsWith("folder ") === true;
