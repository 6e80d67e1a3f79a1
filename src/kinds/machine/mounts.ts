import type { Difference, Field } from "../../model/change.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { RunStep } from "../../model/step.ts";
import type { About, Clash, Kind } from "../kind.ts";
import { unlessNamed } from "../shared/before.ts";
import { difference } from "../shared/difference.ts";
import { clearFstab, fstabMark, writeFstab, type FstabEntry } from "../shared/fstab.ts";
import { optional } from "../shared/optional.ts";
import { linesBeforeEnd } from "../shared/lines.ts";
import {
  differingFlags,
  leftOptions,
  liveFlags,
  remountOptions,
  wantedFlags,
} from "./mounts/options.ts";
import * as scripts from "./mounts/scripts.ts";

/** A filesystem that is mounted now and at each boot. Only a blank device is ever formatted, where that is declared. */
export interface MountSpec {
  readonly path: string;
  /** `/dev/…`, `UUID=…` or `LABEL=…`. */
  readonly device: string;
  readonly type: string;
  readonly options: string;
  /** A device on which there is surely nothing gets this filesystem. */
  readonly format?: true;
}

export interface MountState {
  readonly path: string;
  /** Whether the declared device is there. */
  readonly isThere: boolean;
  /** The filesystem on it. */
  readonly type?: string;
  /** Surely nothing is on it; or no more than what formatting it, which was cut, has left. */
  readonly blank?: "blank" | "begun";
  /** By whom we log in, where the home is there: mounting would hide its keys. */
  readonly hides?: string;
  /** What is mounted there: the declared device, or another. */
  readonly mounted?: "it" | "other";
  /** How it is mounted, in the words of mountinfo. */
  readonly options?: string;
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
    if (isToFormat(want, have))
      return difference(
        "create",
        "format",
        `formats the blank device ${want.device} with ${want.type}, and mounts it at ${want.path}`,
        fields,
      );
    return have?.line === undefined
      ? difference("create", "missing", `${want.path} is not mounted by Slipway`, fields)
      : difference("update", "changed", changedText(want, have), fields);
  },
  apply: ({ want, have }, { fleet, root }) => {
    const path = want?.path ?? have?.path ?? "";
    const place = { mark: fstabMark(fleet, path), word: path };
    if (want === undefined) return [run(scripts.unmount, path), clearFstab(place)];
    const line = lineOf(want);
    const entry: FstabEntry = { ...place, line };
    const isMounted = have?.mounted === "it";
    const isFirst = want.format === true && have?.line === undefined;
    const record = recordOf(root, path);
    // How it is mounted comes before its line: what the kernel refuses is tried again, and told.
    return [
      ...(isToFormat(want, have) ? [run(scripts.format, want.device, want.type, record)] : []),
      ...(isFirst ? [{ do: "remove" as const, path: record }] : []),
      ...(isMounted && isOtherwise(want, have)
        ? [run(scripts.remount, path, remountOptions(want.options))]
        : []),
      ...(have?.line === line ? [] : [writeFstab(entry)]),
      ...(isMounted ? [] : [run(scripts.mount, path)]),
    ];
  },
  redact: (state) => state,
};

/** Says, while a device is formatted, which one it is: what is half made is known again. */
const recordOf = (root: string, path: string): string =>
  `${formattingIn(root)}/${path.replaceAll("/", "%")}`;

const formattingIn = (root: string): string => `${root}/formatting`;

/** Never what was mounted before: then another device has its name now. */
const isToFormat = ({ format }: MountSpec, have: MountState | undefined): boolean =>
  format === true && have?.line === undefined && have?.blank !== undefined;

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
  if (have.hides !== undefined && have.mounted === undefined)
    return {
      text: `the home of ${have.hides}, as whom Slipway logs in, is in ${path}, and would be hidden`,
      needs: "that the disk has its keys, and is mounted there by hand",
    };
  if (have.type === type || isToFormat(want, have)) return undefined;
  if (have.type !== undefined)
    return { text: `${device} holds ${have.type}, not ${type}`, needs: `type: ${have.type}` };
  const byHand = `mkfs -t ${type} ${device}, by hand`;
  if (have.line !== undefined && have.blank !== undefined)
    return {
      text: `${device} is blank, and is not the one that was mounted before`,
      needs: byHand,
    };
  if (want.format === true)
    return { text: `${device} is not surely blank, and is not formatted`, needs: byHand };
  return {
    text: `there is no filesystem on ${device}, and Slipway makes none`,
    needs: have.blank === undefined ? byHand : `format: true, or ${byHand}`,
  };
}

/** A machine whose disk is missing still boots. */
const lineOf = ({ path, device, type, options }: MountSpec): string =>
  `${device} ${path} ${type} ${options},nofail 0 2`;

function fieldsOf(want: MountSpec, have: MountState | undefined): readonly Field[] {
  const line = lineOf(want);
  const flags = flagsOf(want, have);
  return [
    ...(isToFormat(want, have) ? [{ path: "filesystem", declared: want.type, live: "none" }] : []),
    ...(have?.mounted === "it" ? [] : [{ path: "device", declared: want.device }]),
    ...(flags === undefined ? [] : [{ path: "options", ...flags }]),
    ...(have?.line === line
      ? []
      : [{ path: "at boot", declared: line, ...optional("live", have?.line) }]),
  ];
}

const flagsOf = ({ options }: MountSpec, have: MountState | undefined) =>
  have?.options === undefined
    ? undefined
    : differingFlags(wantedFlags(options), liveFlags(have.options));

const optionsIn = (line: string | undefined): string => line?.split(" ")[3] ?? "defaults";

const isOtherwise = (want: MountSpec, have: MountState | undefined): boolean =>
  flagsOf(want, have) !== undefined ||
  (have?.line !== undefined && optionsIn(have.line) !== optionsIn(lineOf(want)));

function changedText(want: MountSpec, { path, mounted, line }: MountState): string {
  const left = mounted === "it" ? leftOptions(optionsIn(line), want.options) : [];
  const text = `${path} is not mounted as declared`;
  return left.length === 0 ? text : `${text}; ${left.join(",")} may last until it is mounted anew`;
}

const run = (script: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs: script === scripts.format ? 600_000 : 60_000,
});

const mountsQuery = (about: About): RunQuery => {
  const mark = fstabMark(about.fleet, "/");
  const names = about.named?.get(kind) ?? [];
  return {
    ask: "run",
    argv: ["sh", "-c", scripts.seen, "sh", mark, formattingIn(about.root), ...names],
    ...unlessNamed(about, kind, [{ file: "/etc/fstab", line: mark }]),
  };
};

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
    else if (word === "blank" || word === "begun") change(path, { blank: word });
    else if (word === "hides") change(path, { hides: rest });
    else if (word === "it") change(path, { mounted: word, options: rest });
    else if (word === "other") change(path, { mounted: word });
    else if (word === "line") change(rest.split(/\s+/)[1] ?? "", { line: rest });
    else if (word === "fstab" && states.has(rest)) change(rest, { isOthers: true });
  }
  return states;
}
