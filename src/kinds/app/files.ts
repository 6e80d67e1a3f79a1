import type { Field } from "../../model/change.ts";
import type { Content, PutStep, Step } from "../../model/step.ts";
import type { Kind } from "../kind.ts";
import { bindsOf, nameOf } from "../shared/container/live.ts";
import { difference } from "../shared/difference.ts";
import { containersQuery } from "../shared/engine.ts";
import { optional } from "../shared/optional.ts";
import { octal, parseTrees, treesQuery, type Tree, type TreeNode } from "./files/tree.ts";

/** One `files` entry of an app, on one machine: a file or a folder, written once under its digest. */
export interface FilesSpec {
  readonly app: string;
  readonly family: string;
  /** Where it is mounted in the container. */
  readonly target: string;
  /** Keyed digest of content, mode, owner and app: its name below `<root>/files/`. */
  readonly digest: string;
  /** One entry with path "" for a file; else the folder's. */
  readonly entries: readonly FileEntry[];
  readonly folder: boolean;
  /** `uid:gid` */
  readonly owner: string;
}

export interface FileEntry {
  readonly path: string;
  readonly content: Exclude<Content, { readonly text: string }>;
  readonly sha256: string;
  /** Octal: "0644". */
  readonly mode: string;
}

export interface FilesState {
  readonly digest: string;
  /** By path, "" is itself: `folder 0755 0:0`, `file 0644 0:0 <sha256>`. */
  readonly nodes: Readonly<Record<string, string>>;
  /** Holds a name that none of ours has. */
  readonly odd: boolean;
  /** Containers of the fleet that mount it, kept ones as well. */
  readonly mountedBy: readonly string[];
}

const folderMode = "0755";

/** Under its digest, or what was being written when a machine went down. */
const ownName = /^[0-9a-f]{8,}(?:\.partial|\.slipway-[0-9a-f]{12})?$/;

export const files: Kind<FilesSpec, FilesState> = {
  id: "app/files",
  summary: "A file or a folder that an app ships, on the machine under its digest.",
  declaredIn: ["/apps/files"],
  name: (spec) => spec.target.slice(1),
  key: (spec) => spec.digest,
  observe: (about) => [treesQuery(about.root), containersQuery],
  read: (answers, about) => {
    const containers = answers.each(containersQuery);
    const states = new Map<string, FilesState>();
    for (const [digest, tree] of parseTrees(answers.text(treesQuery(about.root)))) {
      if (!ownName.test(digest)) continue;
      const path = `${about.root}/files/${digest}`;
      const mountedBy = containers.filter((c) => bindsOf(c).includes(path)).map(nameOf);
      states.set(digest, { digest, ...stateOf(tree), mountedBy: mountedBy.toSorted() });
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

const stateOf = ({ nodes, odd }: Tree): Pick<FilesState, "nodes" | "odd"> => ({
  nodes: Object.fromEntries([...nodes].map(([path, node]) => [path, textOf(node)])),
  odd,
});

const textOf = ({ type, mode, owner, sha256 }: TreeNode): string =>
  [type, mode, owner, ...(sha256 === undefined ? [] : [sha256])].join(" ");

type Nodes = ReadonlyMap<string, string>;

const liveNodes = (have: FilesState): Nodes => new Map(Object.entries(have.nodes));

/** What should be there, in the form of a state. */
function wantedNodes({ entries, folder, owner }: FilesSpec): Nodes {
  const folders = entries.flatMap(({ path }) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  });
  const nodes = new Map<string, string>();
  for (const path of folder ? ["", ...folders] : [])
    nodes.set(path, textOf({ type: "folder", mode: folderMode, owner }));
  for (const { path, sha256, mode } of entries)
    nodes.set(path, textOf({ type: "file", mode: fourDigits(mode), owner, sha256 }));
  return nodes;
}

const fourDigits = (mode: string): string => octal(Number.parseInt(mode, 8));

/** Which files are not as in this version; of another version: what it has that this has not, and the other way round. */
export function versionFields(want: FilesSpec, have: FilesState): readonly Field[] {
  const [nodes, live] = [wantedNodes(want), liveNodes(have)];
  const paths = [...new Set([...nodes.keys(), ...live.keys()])].toSorted();
  const isSecret = want.entries.some(({ content }) => "sealed" in content);
  const show = isSecret ? shownSecret : shownNode;
  const fields = paths
    .filter((path) => nodes.get(path) !== live.get(path))
    .map((path) => ({
      path: path === "" ? `files.${want.target}` : `files.${want.target}/${path}`,
      ...optional("declared", show(nodes.get(path), nodes.get(path))),
      ...optional("live", show(live.get(path), nodes.get(path))),
    }));
  return have.odd
    ? [...fields, { path: `files.${want.target}`, live: "a name with control characters" }]
    : fields;
}

const sum = / ([0-9a-f]{12})[0-9a-f]{52}$/;

/** `file 0644 0:0 content 0123456789ab` */
const shownNode = (text: string | undefined): string | undefined =>
  text?.replace(sum, " content $1");

/** Of a secret not even a sum is shown: a short one could be guessed by it. */
const shownSecret = (text: string | undefined, wanted: string | undefined): string | undefined =>
  text?.replace(
    sum,
    sum.exec(text)?.[0] === sum.exec(wanted ?? "")?.[0] ? " secret" : " other content",
  );

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
