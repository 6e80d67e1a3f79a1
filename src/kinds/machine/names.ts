import { digestOfLines } from "../../lib/hash.ts";
import { listed } from "../../lib/text.ts";
import type { Field } from "../../model/change.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, ReadQuery, RunQuery } from "../../model/query.ts";
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

export interface NamesState {
  /** sha256 of each file for containers, by its name: `hosts`, `hosts.shop`. */
  readonly files: Readonly<Record<string, string>>;
  /** Those that a container mounts, a kept one as well. */
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
  observe: (about) => [etcQuery, sumsQuery(about.root), containersQuery],
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
    const paths = files.map((field) => field.path);
    const text =
      changes.length > 0
        ? nameText(changes)
        : paths.length === 1
          ? `${listed(paths)} is not as it should be`
          : `${listed(paths)} are not as they should be`;
    return difference("update", "names-changed", text, [...nameFields(changes), ...files]);
  },
  apply: ({ want, have }, facts) => nameSteps(want, have, facts),
  redact: ({ files, mounted, etc }) => ({ files, mounted, ...optional("block", etc.block) }),
};

const etcQuery: ReadQuery = { ask: "read", path: etcHosts, maxBytes: 1024 * 1024 };

/** Sums of the files for containers; other names than ours are passed over. */
const sumsScript = `
for path in "$1"/hosts "$1"/hosts.*; do
  name=\${path##*/}
  case $name in *[!a-z0-9.-]*) continue ;; esac
  [ ! -f "$path" ] || printf '%s %s\\n' "$name" "$(sha256sum <"$path")" || exit 1
done
echo end
`;

const sumsQuery = (root: string): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", sumsScript, "sh", root],
});

function readNames(answers: Answers, about: About): ReadonlyMap<string, NamesState> {
  const text = answers.text(etcQuery) ?? "";
  // What cannot be decoded could not be written back as it was.
  if (text.includes("\uFFFD")) throw new Unreadable(`${etcHosts} is not UTF-8`);
  const lines = (answers.text(sumsQuery(about.root)) ?? "").trimEnd().split("\n");
  if (lines.pop() !== "end") throw new Unreadable("the sums of names files have no end");
  const files = Object.fromEntries(
    lines.map((line) => {
      const [, name, sum] = /^(hosts[a-z0-9.-]*) ([0-9a-f]{64}) /.exec(line) ?? [];
      if (name === undefined || sum === undefined) throw new Unreadable("not a sum of a file");
      return [name, sum];
    }),
  );
  const etc = parseHosts(text, about.fleet);
  const binds = answers.each(containersQuery).flatMap(bindsOf);
  const mounted = Object.keys(files).filter((name) => binds.includes(`${about.root}/${name}`));
  return new Map([["", { files, mounted, etc }]]);
}

/** What is there and may go: a container that mounts its file could not be started without it. */
const removable = (have: NamesState | undefined): readonly string[] =>
  Object.keys(have?.files ?? {}).filter((name) => have?.mounted.includes(name) !== true);

const isEmpty = (have: NamesState): boolean =>
  removable(have).length === 0 && have.etc.block === undefined && !have.etc.damaged;

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

function fileFields(want: NamesSpec, have: NamesState | undefined): readonly Field[] {
  const wanted = wantedFiles(want, have);
  const live = new Map(Object.entries(have?.files ?? {}));
  const names = [...new Set([...wanted.keys(), ...removable(have)])].toSorted();
  const files = names
    .map((name) => {
      const lines = wanted.get(name);
      return { name, declared: lines === undefined ? undefined : digestOfLines(lines) };
    })
    .filter(({ name, declared }) => declared !== live.get(name))
    .map(({ name }) => fileField(name, wanted.get(name), live.has(name)));
  return [...files, ...blockFields(want, have?.etc)];
}

function blockFields(want: NamesSpec, etc: HostsFile | undefined): readonly Field[] {
  if (etc === undefined) return [];
  const declared = want.machineLines.length === 0 ? undefined : digestOfLines(want.machineLines);
  if (!etc.damaged && declared === etc.block) return [];
  const lines = declared === undefined ? undefined : want.machineLines;
  return [fileField(etcHosts, lines, etc.block !== undefined || etc.damaged)];
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
  const live = new Map(Object.entries(have?.files ?? {}));
  const put = (path: string, text: string): PutStep => ({
    do: "put",
    path,
    content: { text },
    mode: "0644",
    inPlace: true,
  });
  const written = [...wanted]
    .filter(([name, lines]) => live.get(name) !== digestOfLines(lines))
    .map(([name, lines]) => put(`${facts.root}/${name}`, `${lines.join("\n")}\n`));
  const removed = removable(have)
    .filter((name) => !wanted.has(name))
    .map((name): Step => ({ do: "remove", path: `${facts.root}/${name}` }));
  const lines = want?.machineLines ?? [];
  const isBlockWrong =
    want === undefined
      ? have?.etc.block !== undefined || have?.etc.damaged === true
      : blockFields(want, have?.etc).length > 0;
  const etc =
    have !== undefined && isBlockWrong
      ? [put(etcHosts, withBlock(have.etc, lines, facts.fleet))]
      : [];
  return [...written, ...etc, ...removed];
}
