import { digestOfLines } from "../../lib/hash.ts";
import { listed } from "../../lib/text.ts";
import type { Field } from "../../model/change.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, ReadQuery } from "../../model/query.ts";
import type { Facts } from "../../model/resource.ts";
import type { PutStep, Step } from "../../model/step.ts";
import type { About, Kind } from "../kind.ts";
import { bindsOf } from "../shared/container/live.ts";
import { difference } from "../shared/difference.ts";
import { containersQuery } from "../shared/engine.ts";
import { optional } from "../shared/optional.ts";
import {
  fileField,
  nameChanges,
  nameFields,
  nameText,
  type NameChange,
} from "./names/differences.ts";
import { parseHosts, withBlock, type HostsFile } from "./names/block.ts";
import {
  filesQuery,
  isLinked,
  isReplaced,
  linkFiles,
  linksOf,
  readFiles,
  replacedLinks,
  type NamesFiles,
} from "./names/files.ts";

/**
 * The names of the fleet: for containers a file written in place, for the machine a marked block of /etc/hosts. What is
 * common to a large fleet stands as many lines in one string.
 */
export interface NamesSpec {
  readonly fleet: string;
  /** Lines for containers, without the loopback lines. */
  readonly containerLines: readonly string[];
  /** Apps with `extraHosts` have a file of their own (`hosts.<app>`): these lines besides. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
  /** Former name of an app with `extraHosts` → the app: the file goes on while a container mounts it. */
  readonly formerly?: Readonly<Record<string, string>>;
  /** Lines for the machine itself. */
  readonly machineLines: readonly string[];
}

export interface NamesState extends NamesFiles {
  /** Files that a container mounts, a kept one as well. */
  readonly mounted: readonly string[];
  /** The machine's /etc/hosts. */
  readonly etc: HostsFile;
}

const loopback = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"];
const etcHosts = "/etc/hosts";

export const names: Kind<NamesSpec, NamesState> = {
  id: "machine/names",
  summary: "The names of apps and machines, for the machine itself and for its containers.",
  declaredIn: [],
  name: () => "",
  key: () => "",
  observe: (about) => [etcQuery, filesQuery(about.root), containersQuery],
  read: readNames,
  owner: () => ({ name: "" }),
  diff: (want, have) => {
    if (want === undefined) {
      return have === undefined || isEmpty(have)
        ? undefined
        : difference("delete", "undeclared", "no names are declared");
    }
    const files = fileFields(want, have);
    if (files.length === 0) return undefined;
    if (have === undefined || isEmpty(have))
      return difference("create", "missing", "the fleet's names are not on this machine", files);
    const changes = changedNames(want, have.etc);
    const fields = [...nameFields(changes), ...files];
    const replaced = [...wantedFiles(want, have).keys()].filter((name) => isReplaced(have, name));
    if (replaced.length > 0)
      return difference("update", "names-detached", replacedText(replaced), fields);
    const text = changes.length > 0 ? nameText(changes) : filesText(files.map(({ path }) => path));
    return difference("update", "names-changed", text, fields);
  },
  traces: (want, have) =>
    blockFields(want, have?.etc).length === 0 ? [] : [{ of: "file", path: etcHosts }],
  apply: ({ want, have }, facts) => nameSteps(want, have, facts),
  redact: ({ files, links, mounted, etc }) => ({
    files,
    links,
    mounted,
    ...optional("block", etc.block),
  }),
};

const filesText = (paths: readonly string[]): string =>
  `${listed(paths)} ${paths.length === 1 ? "is" : "are"} not as ${paths.length === 1 ? "it" : "they"} should be`;

const replacedText = (names: readonly string[]): string =>
  `${listed(names)} ${names.length === 1 ? "was" : "were"} replaced, and containers that run do not see it`;

const etcQuery: ReadQuery = { ask: "read", path: etcHosts, maxBytes: 1024 * 1024 };

function readNames(answers: Answers, about: About): ReadonlyMap<string, NamesState> {
  const text = answers.text(etcQuery) ?? "";
  // What cannot be decoded could not be written back as it was.
  if (text.includes("\uFFFD")) throw new Unreadable(`${etcHosts} is not UTF-8`);
  const found = readFiles(answers.text(filesQuery(about.root)) ?? "");
  const etc = parseHosts(text, about.fleet);
  const binds = answers.each(containersQuery).flatMap(bindsOf);
  const mounted = namesOf(found).filter((name) => binds.includes(`${about.root}/${name}`));
  return new Map([["", { ...found, mounted, etc }]]);
}

const nothing: NamesFiles = { files: {}, links: [] };

/** Files that are there, if only by a link. */
const namesOf = ({ files, links }: NamesFiles): readonly string[] => [
  ...new Set([...Object.keys(files), ...links.map(({ of }) => of)]),
];

/** What is there and may go: a container that mounts its file could not be started without it. */
const removable = (have: NamesState | undefined): readonly string[] =>
  namesOf(have ?? nothing).filter((name) => have?.mounted.includes(name) !== true);

const isEmpty = (have: NamesState): boolean =>
  removable(have).length === 0 && have.etc.block === undefined && !have.etc.damaged;

/** Whether a file for containers, and each that stood in its place and is still read, has these lines; without lines: never. */
const isRight = (
  lines: readonly string[] | undefined,
  have: NamesState | undefined,
  name: string,
): boolean => {
  if (lines === undefined || have === undefined) return false;
  const sum = digestOfLines(lines);
  const isSame = (found: string | undefined): boolean => found === sum;
  const others = replacedLinks(have, name);
  return isSame(have.files[name]) && isLinked(have, name) && others.every((l) => isSame(l.sum));
};

/** The lines of the files for containers by name, as they should be. */
function wantedFiles(
  { containerLines, extra, formerly = {} }: NamesSpec,
  have: NamesState | undefined,
): ReadonlyMap<string, readonly string[]> {
  const common = [...loopback, ...containerLines];
  const kept = Object.entries(formerly).filter(
    ([name]) => have?.mounted.includes(`hosts.${name}`) === true,
  );
  const own = [...kept, ...Object.keys(extra).map((app) => [app, app] as const)].map(
    ([name, app]) => [`hosts.${name}`, [...common, ...(extra[app] ?? [])]] as const,
  );
  return new Map([["hosts", common], ...own]);
}

const otherLines = "other lines";

function liveText(
  lines: readonly string[] | undefined,
  have: NamesState | undefined,
  name: string,
): string | undefined {
  const sum = have?.files[name];
  if (have === undefined || sum === undefined) return undefined;
  if (isReplaced(have, name)) return "another file";
  const isSame = lines !== undefined && sum === digestOfLines(lines);
  return isSame && !isLinked(have, name) ? "no second link" : otherLines;
}

function fileFields(want: NamesSpec, have: NamesState | undefined): readonly Field[] {
  const wanted = wantedFiles(want, have);
  const names = [...new Set([...wanted.keys(), ...removable(have)])].toSorted();
  const files = names
    .filter((name) => !isRight(wanted.get(name), have, name))
    .map((name) => fileField(name, wanted.get(name), liveText(wanted.get(name), have, name)));
  return [...files, ...blockFields(want, have?.etc)];
}

function blockFields(want: NamesSpec, etc: HostsFile | undefined): readonly Field[] {
  if (etc === undefined) return [];
  const declared = want.machineLines.length === 0 ? undefined : digestOfLines(want.machineLines);
  if (!etc.damaged && declared === etc.block) return [];
  const lines = declared === undefined ? undefined : want.machineLines;
  const isThere = etc.block !== undefined || etc.damaged;
  return [fileField(etcHosts, lines, isThere ? otherLines : undefined)];
}

/** None of a block that is too long to be remembered, or that is to be repaired. */
function changedNames(want: NamesSpec, etc: HostsFile): readonly NameChange[] {
  if (etc.damaged) return [];
  const lines = etc.block === undefined ? [] : etc.lines;
  return lines === undefined ? [] : nameChanges(want.machineLines, lines);
}

function nameSteps(
  want: NamesSpec | undefined,
  have: NamesState | undefined,
  facts: Facts,
): readonly Step[] {
  const wanted =
    want === undefined ? new Map<string, readonly string[]>() : wantedFiles(want, have);
  const put = (path: string, text: string): PutStep => ({
    do: "put",
    path,
    content: { text },
    mode: "0644",
    inPlace: true,
  });
  const wrong = [...wanted].filter(([name, lines]) => !isRight(lines, have, name));
  const written = wrong.flatMap(([name, lines]) =>
    [name, ...replacedLinks(have ?? nothing, name).map(({ path }) => path)].map((path) =>
      put(`${facts.root}/${path}`, `${lines.join("\n")}\n`),
    ),
  );
  const unlinked = wrong.flatMap(([name]) =>
    have !== undefined && isLinked(have, name) && replacedLinks(have, name).length === 0
      ? []
      : name,
  );
  const linked = unlinked.length === 0 ? [] : [linkFiles(facts.root, unlinked)];
  const removed = removable(have)
    .filter((name) => !wanted.has(name))
    .flatMap((name) => [name, ...linksOf(have ?? nothing, name).map(({ path }) => path)])
    .map((path): Step => ({ do: "remove", path: `${facts.root}/${path}` }));
  const lines = want?.machineLines ?? [];
  const isBlockWrong =
    want === undefined
      ? have?.etc.block !== undefined || have?.etc.damaged === true
      : blockFields(want, have?.etc).length > 0;
  const etc =
    have !== undefined && isBlockWrong
      ? [put(etcHosts, withBlock(have.etc, lines, facts.fleet))]
      : [];
  return [...written, ...linked, ...etc, ...removed];
}
