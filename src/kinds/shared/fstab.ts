import type { RunStep } from "../../model/step.ts";

/** A line of /etc/fstab below a line that says whose it is. */
export interface FstabEntry {
  readonly mark: string;
  /** `what where type options 0 0`, with one space between them. */
  readonly line: string;
  /** The one of these words by which the line is known again, also where the rest was changed by hand. */
  readonly word: string;
}

export const fstabMark = (fleet: string, key: string): string => `# slipway ${fleet} ${key}`;

/** What follows the mark and is not ours stays: somebody may have taken out the line alone. */
const script = `
set -eu
mark=$1 word=$2 line=$3 new=/etc/fstab.slipway-new
[ -e /etc/fstab ] || : >/etc/fstab
cp -p -- /etc/fstab "$new"
isOurs=
while IFS= read -r old || [ -n "$old" ]; do
  if [ "$old" = "$mark" ]; then isOurs=1; continue; fi
  if [ -n "$isOurs" ]; then
    isOurs=
    case " $old " in *" $word "*) continue ;; esac
  fi
  printf '%s\\n' "$old"
done </etc/fstab >"$new"
[ -z "$line" ] || printf '%s\\n%s\\n' "$mark" "$line" >>"$new"
mv -f -- "$new" /etc/fstab
[ ! -d /run/systemd/system ] || systemctl daemon-reload
`;

const run = (...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs: 30_000,
});

export const writeFstab = ({ mark, word, line }: FstabEntry): RunStep => run(mark, word, line);

export const clearFstab = ({ mark, word }: Omit<FstabEntry, "line">): RunStep =>
  run(mark, word, "");
