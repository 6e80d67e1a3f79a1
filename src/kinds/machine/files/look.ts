import { isObject, type Json } from "../../../lib/json.ts";
import { Unreadable } from "../../../model/live.ts";
import type { Answers, RunQuery } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { readBefore, takenBy, unlessNamed, withTaken } from "../../shared/before.ts";
import { optional } from "../../shared/optional.ts";
import type { FileState, FormerFile, LiveFile } from "./state.ts";
import { linesBeforeEnd } from "../../shared/lines.ts";

export const kind = "machine/files";

/**
 * Of each path, and of those that were taken over: `path PATH`, `in FOLDER`, `missing FOLDER`, and what is there. Then mode,
 * owner and sum of all that are files; paths have no control characters, quotes and backslashes.
 */
const script = `${withTaken(kind)}count=$#
while [ "$count" -gt 0 ]; do
  path=$1 count=$((count - 1)) missing= type=nothing
  shift
  folder=\${path%/*}
  while [ -n "$folder" ] && [ ! -e "$folder" ]; do missing=$folder folder=\${folder%/*}; done
  printf 'path %s\\n' "$path"
  (cd -P -- "\${folder:-/}" 2>/dev/null && printf 'in %s\\n' "$(pwd -P)") || echo in
  [ -z "$missing" ] || printf 'missing %s\\n' "$missing"
  if [ -L "$path" ]; then echo link
  elif [ -d "$path" ]; then echo folder
  elif [ -f "$path" ]; then echo file; set -- "$@" "$path"
  elif [ -e "$path" ]; then echo other
  else echo nothing; fi
done
if [ $# -gt 0 ]; then
  stat -c 'stat %a %u:%g %U:%G %n' -- "$@" && sha256sum -- "$@" || exit 1
fi
echo end
`;

export const filesQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", about.root, ...(about.named?.get(kind) ?? [])],
  ...unlessNamed(about, kind, [takenBy(kind, about.root)]),
});

export function readFiles(answers: Answers, about: About): ReadonlyMap<string, FileState> {
  const lines = linesBeforeEnd(answers, filesQuery(about), "the machine's files have no end");
  const taken = readBefore(answers, about.root, kind);
  const files = filesIn(lines);
  const states = new Map<string, FileState>();
  let place: { path: string; folder: string; missing?: string } | undefined;
  for (const line of lines) {
    const [, word = "", rest = ""] = /^(\S+)(?: (.*))?$/.exec(line) ?? [];
    if (word === "path") place = { path: rest, folder: "" };
    else if (word === "in" && place) place.folder = rest;
    else if (word === "missing" && place) place.missing = rest;
    else if (/^(?:link|folder|other|file|nothing)$/.test(word) && place) {
      const { path } = place;
      const former = taken.get(path);
      states.set(path, {
        ...place,
        ...optional("live", liveOf(word, files.get(path))),
        ...(former === undefined ? {} : { before: formerOf(former) }),
      });
    }
  }
  for (const path of taken.keys())
    if (!states.has(path)) throw new Unreadable(`${path} was taken over and not looked at`);
  return states;
}

type Regular = Extract<LiveFile, { type: "file" }>;

/** By path: what `stat` and `sha256sum` say, each in a line of its own. */
function filesIn(lines: readonly string[]): ReadonlyMap<string, Regular> {
  const sums = new Map<string, string>();
  for (const line of lines) {
    const [, sum, path] = /^([0-9a-f]{64}) [ *](\/.*)$/.exec(line) ?? [];
    if (sum !== undefined && path !== undefined) sums.set(path, sum);
  }
  const files = new Map<string, Regular>();
  for (const line of lines) {
    const [, mode = "", owner = "", named = "", path = ""] =
      /^stat ([0-7]+) (\d+:\d+) (\S+:\S+) (\/.*)$/.exec(line) ?? [];
    const sha256 = sums.get(path);
    if (sha256 !== undefined)
      files.set(path, { type: "file", mode: mode.padStart(4, "0"), owner, named, sha256 });
  }
  return files;
}

function liveOf(word: string, file: Regular | undefined): LiveFile | undefined {
  if (word === "nothing") return undefined;
  if (word === "link" || word === "folder" || word === "other") return { type: word };
  if (file === undefined) throw new Unreadable("a file of the machine has no sum");
  return file;
}

function formerOf(former: Json): FormerFile {
  const { was, made } = isObject(former) ? former : {};
  if (was === "file") return { was };
  if (was === "nothing" && made === undefined) return { was };
  if (was === "nothing" && typeof made === "string") return { was, made };
  throw new Unreadable("what a file was before is damaged");
}
