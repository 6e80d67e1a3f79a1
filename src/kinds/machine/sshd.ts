import { isObject } from "../../lib/json.ts";
import type { Difference, Field } from "../../model/change.ts";
import { Unreadable } from "../../model/live.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { RunStep, Step } from "../../model/step.ts";
import type { About, Kind } from "../kind.ts";
import {
  beforeQuery,
  forgetBefore,
  readBefore,
  saveBefore,
  unlessNamed,
} from "../shared/before.ts";
import { difference } from "../shared/difference.ts";
import { runScript, scriptArgv, trialOf } from "../shared/trial.ts";
import * as scripts from "./sshd/scripts.ts";
import { linesBeforeEnd } from "../shared/lines.ts";

/** Settings of the machine's sshd, in a file of their own that it reads before all others. */
export interface SshdSpec {
  /** By keyword, as it is declared. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface SshdState {
  /** What our file says; undefined: there is none. */
  readonly file?: string;
  /** The daemon has read it. */
  readonly isTold: boolean;
  /** What it says of its files, in which there is a mistake; or that there is no sshd. */
  readonly broken?: string;
  /** By keyword in lower case: what it makes of all its files. */
  readonly all: Readonly<Record<string, readonly string[]>>;
  /** What it would make of ours alone: the same where ours counts. */
  readonly ours: Readonly<Record<string, readonly string[]>>;
  readonly isTaken: boolean;
}

const kind = "machine/sshd";

export const sshd: Kind<SshdSpec, SshdState> = {
  id: kind,
  summary: "Settings of the machine's sshd, tried under a dead man's switch.",
  declaredIn: ["/machines/sshd"],
  name: () => "",
  key: () => "",
  observe: (about) => [seenQuery(about), beforeQuery(about.root)],
  read: readSshd,
  owner: ({ isTaken }) => (isTaken ? { name: "" } : undefined),
  diff: (want, have) => {
    if (want === undefined)
      return have?.isTaken === true
        ? difference(
            "delete",
            "undeclared",
            "settings of sshd are no longer declared: what its other files say counts again",
          )
        : undefined;
    return differing(want, have);
  },
  traces: (want, have, { fleet }) =>
    have?.isTaken === true
      ? [{ of: "file", path: have.file === textOf(want) ? mainFile : fileOf(fleet) }]
      : [],
  apply: ({ want, have }, { root, fleet }) => {
    const at = [fileOf(fleet), folderOf(root)];
    const taken: readonly Step[] =
      have?.isTaken === true ? [] : [saveBefore(root, { kind, key: "", former: {} })];
    const trial: readonly Step[] = [
      run(scripts.keep, at),
      trialOf({
        of: "sshd",
        folder: root,
        steps: [
          want === undefined
            ? run(scripts.remove, at)
            : { ...run(scripts.set, at), stdin: textOf(want) },
        ],
        restore: scriptArgv(scripts.restore, ...at),
      }),
    ];
    if (want !== undefined) return [...taken, ...trial];
    return [...trial, { do: "remove", path: folderOf(root) }, forgetBefore(root, kind, "")];
  },
  redact: (state) => state,
};

/** sshd takes the first value of a setting that it reads, and reads files of a folder in order of name. */
const fileOf = (fleet: string): string => `/etc/ssh/sshd_config.d/00-slipway-${fleet}.conf`;

const mainFile = "/etc/ssh/sshd_config";

const folderOf = (root: string): string => `${root}/before/sshd`;

const run = (script: string, at: readonly string[]): RunStep => runScript(30_000, script, ...at);

const textOf = ({ settings }: SshdSpec): string =>
  Object.entries(settings)
    .map(([keyword, value]) => `${keyword} ${value}\n`)
    .join("");

function differing(want: SshdSpec, have: SshdState | undefined): Difference | undefined {
  const fields = Object.entries(want.settings).flatMap(([keyword, declared]): Field[] => {
    const name = keyword.toLowerCase();
    if (have?.isTaken === true && isOurs(name, `${keyword} ${declared}`, have)) return [];
    const live = have?.all[name]?.join(", ");
    return [{ path: keyword, declared, ...(live === undefined ? {} : { live }) }];
  });
  if (have?.isTaken !== true)
    return difference("create", "missing", "settings of sshd are not set by Slipway", fields);
  if (have.broken !== undefined)
    return difference("update", "broken", `sshd cannot read its settings: ${have.broken}`, fields);
  if (fields.length > 0 || have.file !== textOf(want))
    return difference("update", "changed", "settings of sshd are not as declared", fields);
  if (!have.isTold)
    return difference("update", "not-told", "sshd has not read its settings yet", fields);
  return undefined;
}

/** Our file has the line, and it counts: of what sshd adds up others may stand beside it. */
function isOurs(name: string, line: string, { file = "", all, ours }: SshdState): boolean {
  const live = all[name] ?? [];
  const alone = ours[name] ?? [];
  return (
    file.split("\n").includes(line) &&
    alone.every((value) => live.includes(value)) &&
    (live.length === alone.length || added.has(name))
  );
}

/** What sshd collects from all its files. */
const added: ReadonlySet<string> = new Set([
  "acceptenv",
  "allowgroups",
  "allowusers",
  "denygroups",
  "denyusers",
  "hostkey",
  "hostcertificate",
  "listenaddress",
  "port",
  "setenv",
]);

const seenQuery = (about: About): RunQuery => {
  const [file, folder] = [fileOf(about.fleet), folderOf(about.root)];
  return {
    ask: "run",
    argv: scriptArgv(scripts.seen, file, folder),
    ...unlessNamed(about, kind, [file, folder]),
  };
};

function readSshd(answers: Answers, about: About): ReadonlyMap<string, SshdState> {
  const lines = linesBeforeEnd(answers, seenQuery(about), "the settings of sshd have no end");
  const former = readBefore(answers, about.root, kind).get("");
  if (former !== undefined && !isObject(former))
    throw new Unreadable("what sshd was before is damaged");
  const of = (word: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? line.slice(word.length + 1) : []));
  const file = lines.some((line) => line === "file" || line.startsWith("file "))
    ? of("file")
        .map((line) => `${line}\n`)
        .join("")
    : undefined;
  const [broken] = of("broken");
  if (former === undefined && lines.length === 0) return new Map();
  const wanted = new Set([
    ...(about.named?.get(kind) ?? []).map((keyword) => keyword.toLowerCase()),
    ...of("file").map((line) => (line.split(" ")[0] ?? "").toLowerCase()),
  ]);
  const state: SshdState = {
    ...(file === undefined ? {} : { file }),
    ...(broken === undefined ? {} : { broken }),
    isTold: lines.includes("told"),
    all: valuesOf(of("all"), wanted),
    ours: valuesOf(of("ours"), wanted),
    isTaken: former !== undefined,
  };
  return new Map([["", state]]);
}

function valuesOf(
  lines: readonly string[],
  wanted: ReadonlySet<string>,
): Readonly<Record<string, readonly string[]>> {
  const pairs = lines.map((line) => {
    const space = line.indexOf(" ");
    return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
  });
  const grouped = Map.groupBy(
    pairs.filter(([name = ""]) => wanted.has(name)),
    ([name = ""]) => name,
  );
  return Object.fromEntries(
    [...grouped].map(([name, own]) => [name, own.map(([, value = ""]) => value)]),
  );
}
