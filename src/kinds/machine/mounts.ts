import type { Difference, Field } from "../../model/change.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { RunStep } from "../../model/step.ts";
import type { About, Clash, Kind } from "../kind.ts";
import { difference } from "../shared/difference.ts";
import { clearFstab, fstabMark, writeFstab, type FstabEntry } from "../shared/fstab.ts";
import { optional } from "../shared/optional.ts";
import { linesBeforeEnd } from "../shared/lines.ts";
import { unlessNamed } from "../shared/before.ts";

/** A filesystem that is there already, and is mounted now and at each boot. Nothing is ever formatted. */
export interface MountSpec {
  readonly path: string;
  /** `/dev/…`, `UUID=…` or `LABEL=…`. */
  readonly device: string;
  readonly type: string;
  readonly options: string;
}

export interface MountState {
  readonly path: string;
  /** Whether the declared device is there. */
  readonly isThere: boolean;
  /** The filesystem on it. */
  readonly type?: string;
  /** What is mounted there: the declared device, or another. */
  readonly mounted?: "it" | "other";
  /** Our line in /etc/fstab. */
  readonly line?: string;
  /** /etc/fstab has a line for it that is not ours. */
  readonly isOthers: boolean;
}

const kind = "machine/mounts";

export const mounts: Kind<MountSpec, MountState> = {
  id: kind,
  summary: "A filesystem that is mounted on the machine, now and at each boot.",
  declaredIn: ["/machines/mounts"],
  name: ({ path }) => path.slice(1),
  key: ({ path }) => path,
  observe: (about) => [mountsQuery(about)],
  read: readMounts,
  owner: ({ path, line }) => (line === undefined ? undefined : { name: path.slice(1) }),
  clash: (want, have) => (have === undefined ? undefined : clashOf(want, have)),
  diff: (want, have) => {
    if (want === undefined) return have?.line === undefined ? undefined : leaving(have);
    const fields = fieldsOf(want, have);
    if (fields.length === 0) return undefined;
    return have?.line === undefined
      ? difference("create", "missing", `${want.path} is not mounted by Slipway`, fields)
      : difference("update", "changed", `${want.path} is not mounted as declared`, fields);
  },
  apply: ({ want, have }, { fleet }) => {
    const path = want?.path ?? have?.path ?? "";
    const place = { mark: fstabMark(fleet, path), word: path };
    if (want === undefined) return [run(unmountScript, path), clearFstab(place)];
    const line = lineOf(want);
    const entry: FstabEntry = { ...place, line };
    return [
      ...(have?.line === line ? [] : [writeFstab(entry)]),
      ...(have?.mounted === "it" ? [] : [run(mountScript, path)]),
    ];
  },
  redact: (state) => state,
};

const leaving = ({ path }: MountState): Difference =>
  difference(
    "delete",
    "undeclared",
    `${path} is no longer declared: it is unmounted once nothing uses it; what is on its disk stays`,
  );

function clashOf(want: MountSpec, have: MountState): Clash | undefined {
  const { path, device, type } = want;
  if (have.isOthers)
    return {
      text: `/etc/fstab has a line of its own for ${path}`,
      needs: "that this line is taken out by hand",
    };
  if (have.mounted === "other")
    return { text: `another device is mounted at ${path}`, needs: "that it is unmounted by hand" };
  if (!have.isThere)
    return { text: `there is no ${device}`, needs: "a device that the machine has" };
  if (have.type === type) return undefined;
  return have.type === undefined
    ? {
        text: `there is no filesystem on ${device}, and Slipway makes none`,
        needs: `mkfs -t ${type} ${device}, by hand`,
      }
    : { text: `${device} holds ${have.type}, not ${type}`, needs: `type: ${have.type}` };
}

/** A machine whose disk is missing still boots. */
const lineOf = ({ path, device, type, options }: MountSpec): string =>
  `${device} ${path} ${type} ${options},nofail 0 2`;

function fieldsOf(want: MountSpec, have: MountState | undefined): readonly Field[] {
  const line = lineOf(want);
  return [
    ...(have?.mounted === "it" ? [] : [{ path: "device", declared: want.device }]),
    ...(have?.line === line
      ? []
      : [{ path: "at boot", declared: line, ...optional("live", have?.line) }]),
  ];
}

const run = (script: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs: 60_000,
});

/** By its line in /etc/fstab, as at boot. */
const mountScript = `mkdir -p -- "$1" && { mountpoint -q -- "$1" || mount -- "$1"; }`;

const unmountScript = `! mountpoint -q -- "$1" || umount -- "$1"`;

/**
 * Of each that is named, `PATH DEVICE`: `path PATH`, `there`, `type TYPE`, `it` or `other`. Then our lines in /etc/fstab as
 * `line LINE`, and `fstab PATH` for those of others.
 */
const script = `
mark=$1
shift
for one; do
  path=\${one%% *} device=\${one#* }
  printf 'path %s\\n' "$path"
  case $device in /*) ;; *) device=$(findfs "$device" 2>/dev/null) || device= ;; esac
  number=
  if [ -b "$device" ]; then
    echo there
    type=$(blkid -p -o value -s TYPE -- "$device" 2>/dev/null)
    [ -z "$type" ] || printf 'type %s\\n' "$type"
    number=$(lsblk -dno MAJ:MIN -- "$device" 2>/dev/null | tr -d ' ')
  fi
  there=
  while read -r id parent found root place rest; do
    [ "$place" != "$path" ] || there=$found
  done </proc/self/mountinfo
  [ -z "$there" ] || if [ "$there" = "$number" ]; then echo it; else echo other; fi
done
isOurs=
[ ! -r /etc/fstab ] || while IFS= read -r text || [ -n "$text" ]; do
  if [ -n "$isOurs" ]; then
    isOurs=
    printf 'line %s\\n' "$text"
    continue
  fi
  case $text in
    "$mark"*) isOurs=1 ;;
    '#'* | '') ;;
    *) set -f; set -- $text; printf 'fstab %s\\n' "$2" ;;
  esac
done </etc/fstab
echo end
`;

const mountsQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", fstabMark(about.fleet, "/"), ...(about.named?.get(kind) ?? [])],
  ...unlessNamed(about, kind, [{ file: "/etc/fstab", line: fstabMark(about.fleet, "/") }]),
});

function readMounts(answers: Answers, about: About): ReadonlyMap<string, MountState> {
  const lines = linesBeforeEnd(answers, mountsQuery(about), "the mounts have no end");
  const states = new Map<string, MountState>();
  const change = (path: string, more: Partial<MountState>): unknown =>
    states.set(path, { path, isThere: false, isOthers: false, ...states.get(path), ...more });
  let path = "";
  for (const text of lines) {
    const [, word = "", rest = ""] = /^(\S+)(?: (.*))?$/.exec(text) ?? [];
    if (word === "path") change((path = rest), {});
    else if (word === "there") change(path, { isThere: true });
    else if (word === "type") change(path, { type: rest });
    else if (word === "it" || word === "other") change(path, { mounted: word });
    else if (word === "line") change(rest.split(/\s+/)[1] ?? "", { line: rest });
    else if (word === "fstab" && states.has(rest)) change(rest, { isOthers: true });
  }
  return states;
}
