import type { RunStep } from "../../../model/step.ts";

/**
 * Files that a running container reads anew when it is told to stand in a folder of the container's own, `<digest>.live`,
 * as 0, 1, …: copies of what lies under its digest. Containers that run go on seeing them: a file keeps its inode, a folder
 * is changed within. Each file has a second link (`.0`), by which the container is reached also where somebody put another
 * file in its place.
 */
export const livePattern = /\/files\/([0-9a-f]+\.live)\/(\d+)$/;

/** What stood there before, until what came after it is proven. */
export const formerOf = (live: string): string => `${live}.before`;

const timeoutMs = 60_000;

const run = (script: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs,
});

/** Makes the folder anew, for a container that is to start. */
export const layAnew = (live: string, sources: readonly string[]): RunStep =>
  run(anewScript, live, formerOf(live), ...sources);

/** Gives a container that runs other content: all of it is complete on the disk before the first is touched. */
export const replace = (live: string, sources: readonly string[]): RunStep =>
  run(replaceScript, live, ...sources);

/** Keeps what stands there, unless something before it is kept: that was proven, and this was not. */
export const keepFormer = (live: string): RunStep => run(keepScript, live, formerOf(live));

export const restoreFormer = (live: string, count: number): RunStep =>
  replace(
    live,
    Array.from({ length: count }, (_, number) => `${formerOf(live)}/${number}`),
  );

/** At once: of what is half there nobody could say whether it is. */
export const dropFormer = (live: string): RunStep => run(dropScript, formerOf(live));

const keepScript = `
set -eu
if [ -e "$2" ] || [ ! -e "$1" ]; then exit 0; fi
rm -rf -- "$2.partial"
cp -a -- "$1" "$2.partial"
mv -- "$2.partial" "$2"
`;

const dropScript = `
set -eu
rm -rf -- "$1.partial"
if [ ! -e "$1" ]; then exit 0; fi
mv -- "$1" "$1.partial"
rm -rf -- "$1.partial"
`;

const anewScript = `
set -eu
umask 077
live=$1 former=$2
shift 2
rm -rf -- "$live.partial"
mkdir -- "$live.partial"
number=0
for source; do
  cp -a -- "$source" "$live.partial/$number"
  if [ -f "$source" ]; then ln -- "$live.partial/$number" "$live.partial/.$number"; fi
  number=$((number + 1))
done
rm -rf -- "$live" "$former" "$former.partial"
mv -- "$live.partial" "$live"
`;

const replaceScript = `
set -eu
umask 077
live=$1
shift
write() {
  cat <"$1" >"$2"
  chown -- "$(stat -c %u:%g "$1")" "$2"
  chmod -- "$(stat -c %a "$1")" "$2"
}
file() {
  for path in "$2" "$3"; do
    if [ -L "$path" ] || [ ! -f "$path" ]; then rm -rf -- "$path"; fi
  done
  if [ ! -e "$2" ] && [ ! -e "$3" ]; then : >"$2"; fi
  if [ ! -e "$2" ]; then ln -- "$3" "$2"; fi
  if [ ! -e "$3" ]; then ln -- "$2" "$3"; fi
  write "$1" "$2"
  if [ ! "$2" -ef "$3" ]; then write "$1" "$3"; fi
}
folder() {
  if [ -L "$2" ] || [ ! -d "$2" ]; then rm -rf -- "$2"; mkdir -- "$2"; fi
  (cd "$2" && find . -depth ! -name . -exec sh -c '
    set -eu
    from=$1
    shift
    for path; do
      if [ -d "$path" ] && [ ! -L "$path" ]; then [ -d "$from/$path" ] || rmdir -- "$path"
      elif [ ! -f "$path" ] || [ -L "$path" ] || [ ! -f "$from/$path" ]; then rm -f -- "$path"; fi
    done' sh "$1" {} +)
  (cd "$1" && find . -type d -exec sh -c '
    set -eu
    to=$1
    shift
    for path; do
      mkdir -p -- "$to/$path"
      chown -- "$(stat -c %u:%g "$path")" "$to/$path"
      chmod -- "$(stat -c %a "$path")" "$to/$path"
    done' sh "$2" {} +)
  (cd "$1" && find . -type f -exec sh -c '
    set -eu
    to=$1
    shift
    for path; do
      cp -p -- "$path" "$to/$path.slipway-new"
      mv -f -- "$to/$path.slipway-new" "$to/$path"
    done' sh "$2" {} +)
}
for source; do
  if [ ! -e "$source" ]; then echo "$source is not there" >&2; exit 1; fi
done
mkdir -p -- "$live"
(cd "$live" && find . ! -name . -prune -exec sh -c '
  set -eu
  count=$1
  shift
  for path; do
    number=\${path#./}
    number=\${number#.}
    case $number in
      "" | *[!0-9]*) rm -rf -- "$path" ;;
      *) if [ "$number" -ge "$count" ]; then rm -rf -- "$path"; fi ;;
    esac
  done' sh "$#" {} +)
number=0
for source; do
  if [ -d "$source" ]; then folder "$source" "$live/$number"
  else file "$source" "$live/$number" "$live/.$number"; fi
  number=$((number + 1))
done
`;
