import type { Field } from "../../model/change.ts";
import type { RunStep, Step } from "../../model/step.ts";
import type { Clash, Kind } from "../kind.ts";
import { beforeQuery, saveBefore } from "../shared/before.ts";
import { difference } from "../shared/difference.ts";
import { forgetKept, keepFile, restoreFile } from "../shared/kept.ts";
import { optional } from "../shared/optional.ts";
import { filesQuery, kind, readFiles } from "./files/look.ts";
import { removeScript } from "./files/remove.ts";
import { asTrial } from "./files/trial.ts";
import type { FileSpec, FileState, FormerFile, LiveFile } from "./files/state.ts";

export type { FileSpec } from "./files/state.ts";

export const machineFiles: Kind<FileSpec, FileState> = {
  id: kind,
  summary: "A file of the machine itself, from beside its own file or a secret.",
  declaredIn: ["/machines/files"],
  name: ({ path }) => path.slice(1),
  key: ({ path }) => path,
  observe: (about) => [filesQuery(about), beforeQuery(about.root)],
  read: readFiles,
  owner: ({ path, before }) => (before === undefined ? undefined : { name: path.slice(1) }),
  clash: ({ path }, have) => (have === undefined ? undefined : clashOf(path, have)),
  diff: (want, have) => {
    if (want === undefined) return have?.before === undefined ? undefined : leaving(have);
    const fields = fieldsOf(want, have?.live);
    if (have?.before === undefined)
      return difference("create", "missing", `${want.path} is not written by Slipway yet`, fields);
    return fields.length === 0
      ? undefined
      : difference("update", "changed", `${want.path} is not as declared`, fields);
  },
  traces: ({ path }, have) => (have?.before === undefined ? [] : [{ of: "file", path }]),
  apply: ({ want, have }, { root }) => {
    const path = want?.path ?? have?.path ?? "";
    if (want === undefined) {
      const wasFile = have?.before?.was === "file";
      const back = wasFile ? restoreFile(root, kind, path, path) : removing(path, have);
      return [...asTrial(root, path, want, have, [back]), forgetKept(root, kind, path)];
    }
    const steps = fieldsOf(want, have?.live).length === 0 ? [] : writing(want, have);
    return [
      ...(have?.before === undefined ? taking(root, path, have) : []),
      ...asTrial(root, path, want, have, steps),
    ];
  },
  redact: ({ live, ...state }) => ({
    ...state,
    ...(live?.type === "file" ? { live: { ...live, sha256: live.sha256.slice(0, 8) } } : { live }),
  }),
};

function leaving({ path, before }: FileState) {
  const then = before?.was === "file" ? "what was there before comes back" : "it goes";
  return difference("delete", "undeclared", `${path} is no longer declared: ${then}`);
}

/** What Slipway does not write over, and where it writes nothing. */
function clashOf(path: string, { live, folder, before }: FileState): Clash | undefined {
  if (folder === "")
    return { text: `${path} is below something that is no folder`, needs: "another path" };
  if (/^\/(?:proc|sys|dev)(?:\/|$)|^\/var\/lib\/slipway(?:\/|$)/.test(folder))
    return { text: `${path} leads into ${folder}`, needs: "another path" };
  if (live === undefined || live.type === "file") return undefined;
  // A link in the place of our own file was put there by hand, and goes.
  if (live.type === "link" && before !== undefined) return undefined;
  const what = { folder: "a folder", link: "a symbolic link", other: "no file" }[live.type];
  return { text: `${path} is ${what}`, needs: "another path, or that it is removed by hand" };
}

/** Of what is there only that it is other: it may be a secret, also where none is declared. */
function fieldsOf(want: FileSpec, live: LiveFile | undefined): readonly Field[] {
  const declared = "sealed" in want.content ? "secret" : `content ${want.sha256.slice(0, 12)}`;
  if (live?.type !== "file")
    return [{ path: "content", declared, ...optional("live", live && "a link") }];
  return [
    ...(live.sha256 === want.sha256 ? [] : [{ path: "content", declared, live: "other content" }]),
    ...(live.mode === want.mode ? [] : [{ path: "mode", declared: want.mode, live: live.mode }]),
    ...(isOwnedBy(want.owner, live)
      ? []
      : [{ path: "owner", declared: want.owner, live: live.named }]),
  ];
}

function isOwnedBy(owner: string, live: Extract<LiveFile, { type: "file" }>): boolean {
  const [numbers, names] = [live.owner.split(":"), live.named.split(":")];
  return owner.split(":").every((part, i) => part === (/^\d+$/.test(part) ? numbers[i] : names[i]));
}

function taking(root: string, path: string, have: FileState | undefined): readonly Step[] {
  const isThere = have?.live?.type === "file";
  const former: FormerFile = isThere
    ? { was: "file" }
    : { was: "nothing", ...optional("made", have?.missing) };
  return [
    ...(isThere ? [keepFile(root, kind, path, path)] : []),
    saveBefore(root, { kind, key: path, former }),
  ];
}

function writing(want: FileSpec, have: FileState | undefined): readonly Step[] {
  const { path, content, mode, owner } = want;
  const folders: readonly Step[] =
    have?.missing === undefined
      ? []
      : [run(`umask 022; mkdir -p -- "$1"`, path.slice(0, path.lastIndexOf("/")))];
  return [...folders, { do: "put", path, content, mode, owner }];
}

const removing = (path: string, have: FileState | undefined): RunStep =>
  run(removeScript, path, have?.before?.was === "nothing" ? (have.before.made ?? "") : "");

const run = (script: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs: 10_000,
});
