import type { Field } from "../../model/change.ts";
import type { Answers, RunQuery } from "../../model/query.ts";
import type { RunStep } from "../../model/step.ts";
import type { About, Kind } from "../kind.ts";
import { difference } from "../shared/difference.ts";
import { clearFstab, fstabMark, writeFstab, type FstabEntry } from "../shared/fstab.ts";
import { optional } from "../shared/optional.ts";
import { linesBeforeEnd } from "../shared/lines.ts";
import { unlessNamed } from "../shared/before.ts";

/** A file that the machine swaps to, in Slipway's own folder: what else it swaps to is left alone. */
export interface SwapSpec {
  readonly bytes: number;
}

export interface SwapState {
  /** Of the file; undefined: there is none. */
  readonly bytes?: number;
  readonly isOn: boolean;
  readonly isAtBoot: boolean;
  /** One that was not finished lies beside it. */
  readonly isHalf?: true;
}

const kind = "machine/swap";

export const swap: Kind<SwapSpec, SwapState> = {
  id: kind,
  summary: "A file that the machine swaps to, now and after each boot.",
  declaredIn: ["/machines/swap"],
  name: () => "",
  key: () => "",
  observe: (about) => [swapQuery(about)],
  read: readSwap,
  // It stands in our own folder, under our own mark: that it is there says that it is ours.
  owner: ({ bytes, isOn, isAtBoot, isHalf }) =>
    bytes === undefined && !isOn && !isAtBoot && isHalf === undefined ? undefined : { name: "" },
  diff: (want, have) => {
    if (want === undefined)
      return have === undefined
        ? undefined
        : difference(
            "delete",
            "undeclared",
            "swap is no longer declared: what was put there goes back to memory, and its file goes",
          );
    const fields = fieldsOf(want, have);
    if (fields.length === 0) return undefined;
    return have?.bytes === undefined
      ? difference("create", "missing", "there is no swap of Slipway's", fields)
      : difference("update", "changed", "swap is not as declared", fields);
  },
  apply: ({ want, have }, { root, fleet }) => {
    const path = pathIn(root);
    const entry = entryOf(root, fleet);
    if (want === undefined)
      return [run(offScript, path), clearFstab(entry), run(`rm -f -- "$1" "$1.partial"`, path)];
    return [
      ...(have?.bytes === want.bytes ? [] : [run(makeScript, path, String(want.bytes))]),
      ...(have?.isAtBoot === true ? [] : [writeFstab(entry)]),
      ...(have?.isOn === true && have.bytes === want.bytes ? [] : [run(onScript, path)]),
    ];
  },
  redact: (state) => state,
};

function fieldsOf({ bytes }: SwapSpec, have: SwapState | undefined): readonly Field[] {
  return [
    ...(have?.bytes === bytes
      ? []
      : [{ path: "swap", declared: bytes, ...optional("live", have?.bytes) }]),
    ...(have?.isOn === true ? [] : [{ path: "in use", declared: true, live: false }]),
    ...(have?.isAtBoot === true ? [] : [{ path: "at boot", declared: true, live: false }]),
  ];
}

const pathIn = (root: string): string => `${root}/swap`;

const entryOf = (root: string, fleet: string): FstabEntry => ({
  mark: fstabMark(fleet, "swap"),
  line: `${pathIn(root)} none swap sw,nofail 0 0`,
  word: pathIn(root),
});

const isOn = `
isOn() {
  while read -r name rest; do [ "$name" != "$1" ] || return 0; done </proc/swaps
  return 1
}
`;

const offScript = `${isOn}
! isOn "$1" || swapoff -- "$1"
`;

const onScript = `${isOn}
isOn "$1" || swapon -- "$1"
`;

/**
 * Where there is room for it, as much as the one before takes included, that one ends first. So much stays free that the
 * machine does not stand still.
 */
const makeScript = `${isOn}
set -eu
umask 077
path=$1 bytes=$2 former=0
rm -f -- "$path.partial"
trap 'rm -f -- "$path.partial"' EXIT
[ ! -f "$path" ] || former=$(stat -c %s -- "$path")
set -- $(LC_ALL=C df -Pk -- "\${path%/*}")
shift 7
free=$(($4 + former / 1024))
if [ "$free" -lt $((bytes / 1024 + 262144)) ]; then
  echo "there is no space left on device for it: $free KiB would be free, and 256 MiB are to stay so" >&2
  exit 1
fi
if isOn "$path"; then swapoff -- "$path"; fi
rm -f -- "$path"
fallocate -l "$bytes" -- "$path.partial" 2>/dev/null || head -c "$bytes" /dev/zero >"$path.partial"
chmod 600 -- "$path.partial"
mkswap "$path.partial" >/dev/null
mv -f -- "$path.partial" "$path"
`;

const run = (text: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", text, "sh", ...parameters],
  timeoutMs: 300_000,
});

/** Only where somebody names it, or there is something of it: `file BYTES`, `half`, `on`, `at boot`. */
const script = `
path=$1 mark=$2 line=$3
[ ! -f "$path" ] || stat -c 'file %s' -- "$path" || exit 1
[ ! -e "$path.partial" ] || echo half
[ ! -r /proc/swaps ] || while read -r name rest; do [ "$name" != "$path" ] || echo on; done </proc/swaps
isOurs=
[ ! -r /etc/fstab ] || while IFS= read -r text || [ -n "$text" ]; do
  [ -z "$isOurs" ] || [ "$text" != "$line" ] || echo 'at boot'
  isOurs=
  [ "$text" != "$mark" ] || isOurs=1
done </etc/fstab
echo end
`;

function swapQuery(about: About): RunQuery {
  const { mark, line } = entryOf(about.root, about.fleet);
  const path = pathIn(about.root);
  return {
    ask: "run",
    argv: ["sh", "-c", script, "sh", path, mark, line],
    ...unlessNamed(about, kind, [path, `${path}.partial`, { file: "/etc/fstab", line: mark }]),
  };
}

function readSwap(answers: Answers, about: About): ReadonlyMap<string, SwapState> {
  const lines = linesBeforeEnd(answers, swapQuery(about), "the swap has no end");
  if (lines.length === 0) return new Map();
  const bytes = lines.flatMap((line) => /^file (\d+)$/.exec(line)?.[1] ?? [])[0];
  const state: SwapState = {
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
    isOn: lines.includes("on"),
    isAtBoot: lines.includes("at boot"),
    ...(lines.includes("half") ? { isHalf: true as const } : {}),
  };
  return new Map([["", state]]);
}
