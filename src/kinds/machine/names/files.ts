import { Unreadable } from "../../../model/live.ts";
import type { RunQuery } from "../../../model/query.ts";
import type { RunStep } from "../../../model/step.ts";

/** The files for containers on a machine, as far as they are told apart by their sums. */
export interface NamesFiles {
  /** sha256 of each, by its name: `hosts`, `hosts.shop`. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Second links to those files, by which running containers are reached when somebody puts another file in the place:
   * they go on reading the one that they were started with.
   */
  readonly links: readonly NamesLink[];
}

export interface NamesLink {
  /** Below Slipway's folder: `inodes/hosts.4711`. */
  readonly path: string;
  readonly of: string;
  /** Absent: it is the file that stands in the place. */
  readonly sum?: string;
}

const folder = "inodes";

/** Names other than ours are passed over. */
const script = `
for path in "$1"/hosts "$1"/hosts.*; do
  name=\${path##*/}
  case $name in *[!a-z0-9.-]*) continue ;; esac
  [ ! -f "$path" ] || printf '%s %s\\n' "$name" "$(sha256sum <"$path")" || exit 1
done
for link in "$1"/${folder}/hosts.*; do
  name=\${link##*/}
  case $name in *[!a-z0-9.-]*) continue ;; esac
  case \${name##*.} in *[!0-9]*) continue ;; esac
  if [ ! -f "$link" ]; then continue; fi
  if [ "$link" -ef "$1/\${name%.*}" ]; then printf '%s/%s =\\n' ${folder} "$name" || exit 1
  else printf '%s/%s %s\\n' ${folder} "$name" "$(sha256sum <"$link")" || exit 1; fi
done
echo end
`;

export const filesQuery = (root: string): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", root],
  where: [`${root}/hosts*`, `${root}/${folder}`],
});

/** Throws Unreadable. */
export function readFiles(text: string): NamesFiles {
  const lines = text.trimEnd().split("\n");
  if (lines.pop() !== "end") throw new Unreadable("the sums of names files have no end");
  const files: Record<string, string> = {};
  const links: NamesLink[] = [];
  for (const line of lines) {
    const [, inFolder, name = "", sum] =
      /^(inodes\/)?(hosts[a-z0-9.-]*) (=|[0-9a-f]{64}(?= ))/.exec(line) ?? [];
    if (sum === undefined || (sum === "=" && inFolder === undefined))
      throw new Unreadable("not a sum of a file");
    if (inFolder === undefined) files[name] = sum;
    else
      links.push({
        path: `${folder}/${name}`,
        of: name.slice(0, name.lastIndexOf(".")),
        ...(sum === "=" ? {} : { sum }),
      });
  }
  return { files, links };
}

export const linksOf = ({ links }: NamesFiles, name: string): readonly NamesLink[] =>
  links.filter(({ of }) => of === name);

/** Whether the file that stands in the place has its link. */
export const isLinked = (have: NamesFiles, name: string): boolean =>
  linksOf(have, name).some(({ sum }) => sum === undefined);

/** Links to files that stood in the place before. */
export const replacedLinks = (have: NamesFiles, name: string): readonly NamesLink[] =>
  linksOf(have, name).filter(({ sum }) => sum !== undefined);

export const isReplaced = (have: NamesFiles, name: string): boolean =>
  !isLinked(have, name) && linksOf(have, name).length > 0;

/** Gives files in their places a second link; of those that stood there before only what a process still reads is kept. */
export const linkFiles = (root: string, names: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", linkScript, "sh", root, ...names],
  timeoutMs: 30_000,
});

const linkScript = `
set -eu
links=$1/${folder}
mkdir -p -m 0700 -- "$links"
root=$1
shift
for name; do
  path=$root/$name
  own=$links/$name.$(stat -c %i -- "$path")
  if [ ! "$path" -ef "$own" ]; then ln -f -- "$path" "$own"; fi
  for link in "$links/$name".*; do
    if [ "\${link%.*}" != "$links/$name" ] || [ "$link" -ef "$path" ]; then continue; fi
    for process in /proc/[0-9]*; do
      if [ "$process/root/etc/hosts" -ef "$link" ]; then continue 2; fi
    done
    rm -f -- "$link"
  done
done
`;
