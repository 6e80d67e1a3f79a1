import type { Answer, ListQuery, ReadQuery, RunQuery, Sign } from "../model/query.ts";
import { quote, script } from "../remote/quote.ts";

export type ShellQuery = ReadQuery | ListQuery | RunQuery | SocketQuestion;

/** Whether there is a socket: answered, with nothing, if so. */
export interface SocketQuestion {
  readonly ask: "socket";
  readonly path: string;
  /** Gets the answer while the other questions are still being answered, where those for sockets come first. */
  readonly tell: (answer: Answer) => void;
}

/**
 * Each answer stands between two lines that begin with the mark, which nothing that is read can foresee: so any bytes
 * pass. Few processes: they are what an observation costs.
 */
const prelude = (mark: string): string => `m=${mark}
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
begin() { printf '%s %s\\n' "$m" "$1"; }
end() { printf '\\n%s end %s\\n' "$m" "$1"; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
missing() {
  said=$(ls -d -- "$1" 2>&1 >/dev/null)
  case $said in
    *'No such file or directory' | *'Not a directory') end absent ;;
    *) printf '%s' "\${said:-$2}"; end unreadable ;;
  esac
}
odd() {
  there "$2" || return 1
  begin "$1"
  missing "$2" "$3"
}
file() {
  if [ -f "$2" ]; then begin "$1"; head -c "$3" -- "$2" 2>/dev/null; end $?; else odd "$1" "$2" 'it is no file'; fi
}
socket() {
  if [ -S "$2" ]; then begin "$1"; end 0; else odd "$1" "$2" 'it is no socket'; fi
}
folder() {
  if [ ! -d "$2" ]; then odd "$1" "$2" 'it is no folder'; return; fi
  index=$1
  shift 2
  answer "$index" "$@"
}
listed() {
  count=$(($# / 2))
  while [ "$count" -gt 0 ]; do
    set -- "$@" "$2"
    shift 2
    count=$((count - 1))
  done
  exec ls -d -- "$@" 2>&1 >/dev/null
}
absent() {
  [ $# -gt 0 ] || return 0
  count=$(($# / 2))
  IFS='
'
  set -f
  for line in $(listed "$@"); do
    case $line in
      *'No such file or directory' | *'Not a directory') count=$((count - 1)) ;;
      *) count=-1; break ;;
    esac
  done
  unset IFS
  set +f
  while [ $# -gt 0 ]; do
    begin "$1"
    if [ "$count" -eq 0 ]; then end absent; else missing "$2" 'it came just now'; fi
    shift 2
  done
}
answer() {
  begin "$1"
  shift
  "$@" 2>/dev/null
  end $?
}
marked() {
  [ ! -r "$1" ] || while IFS= read -r line || [ -n "$line" ]; do
    case $line in "$2"*) return 0 ;; esac
  done <"$1"
  return 1
}
where() {
  index=$1 found=
  shift
  while [ "$1" != -- ]; do
    case $1 in
      in) ! marked "$2" "$3" || found=1; shift 3 ;;
      no) [ -S "$2" ] || found=1; shift 2 ;;
      *) ! there "$1" || found=1; shift ;;
    esac
  done
  shift
  if [ -n "$found" ]; then answer "$index" "$@"; else begin "$index"; echo end; end 0; fi
}
`;

const listNames = `cd -- "$1" && ls -A >/dev/null || exit
for name in * .[!.]* ..?*; do
  if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\\0' "$name"; fi
done`;

export function scriptFor(
  queries: readonly ShellQuery[],
  mark: string,
  limit: readonly string[],
): string {
  const asked = queries.map((query, index) => {
    switch (query.ask) {
      case "read":
        return orAbsent(
          index,
          query,
          `file ${quote([String(index), query.path, String(query.maxBytes + 1)])}`,
        );
      case "socket":
        return orAbsent(index, query, `socket ${quote([String(index), query.path])}`);
      case "list":
        return orAbsent(
          index,
          query,
          `folder ${quote([String(index), query.path, ...limit, ...script(listNames, query.path)])}`,
        );
      case "run":
        return query.where === undefined
          ? `answer ${quote([String(index), ...limit, ...query.argv])}`
          : `where ${index} ${query.where.map(signWords).join(" ")} -- ${quote([...limit, ...query.argv])}`;
    }
  });
  const isRun = (_: string, index: number): boolean => queries[index]?.ask === "run";
  const paths = asked.filter((line, index) => !isRun(line, index));
  const lines = [...paths, 'absent "$@"', ...asked.filter(isRun)];
  // The shell's own input is this script: what it runs must not read it.
  return `${prelude(mark)}all() {\n${lines.join("\n")}\nprintf '%s done\\n' "$m"\n}\nall </dev/null\n`;
}

/** Where nothing seems to be at a path, one process says of all such whether that is sure. */
const orAbsent = (index: number, { path }: { readonly path: string }, asking: string): string =>
  `${asking} || set -- "$@" ${quote([String(index), path])}`;

/** All our paths begin with a slash, and with nothing that the shell would take for a pattern but the last star. */
const signWords = (sign: Sign): string => {
  if (typeof sign !== "string")
    return quote("file" in sign ? ["in", sign.file, sign.line] : ["no", sign.noSocket]);
  return sign.endsWith("*") ? `${quote([sign.slice(0, -1)])}*` : quote([sign]);
};
