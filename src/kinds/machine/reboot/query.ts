import { readBoot } from "../../../lib/boot.ts";
import { newerKernel } from "../../../lib/kernels.ts";
import { Unreadable } from "../../../model/live.ts";
import type { Answers, Query, RunQuery } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { unlessNamed } from "../../shared/before.ts";
import { linesBeforeEnd } from "../../shared/lines.ts";

export interface RebootState {
  /** Tells one boot of the machine from another. */
  readonly boot: string;
  /** What it has to be rebooted for, each in a form that tells it from others of the sort. */
  readonly needs: readonly string[];
  /** Packages that ask for it. */
  readonly packages: readonly string[];
  /** The last reboot that was begun here: what for, and in which boot. */
  readonly last?: {
    readonly needs: readonly string[];
    readonly from: string;
    readonly isProven: boolean;
    /** When that was last written to its record, by the machine's clock, milliseconds since 1970. */
    readonly atMs?: number;
  };
}

/** Begins a need of which the machine says no more than when it arose. */
export const askedFor = "asked at ";

export const recordPath = (root: string): string => `${root}/reboot`;

/** What the machine needs, one word and its value a line. */
const script = `
[ ! -e /run/reboot-required ] || printf 'asked %s\\n' "$(stat -c %Y /run/reboot-required)"
[ ! -r /run/reboot-required.pkgs ] || head -n 50 /run/reboot-required.pkgs | sort -u | sed -n '1,5s/^/package /p'
read -r kernel </proc/sys/kernel/osrelease && printf 'kernel %s\\n' "$kernel"
for file in /boot/vmlinuz-*; do
  [ ! -e "$file" ] || printf 'installed %s\\n' "\${file#/boot/vmlinuz-}"
done
record=$1
${readBoot}
printf 'boot %s\\n' "$boot"
[ ! -e "$record" ] || printf 'recorded %s\\n' "$(stat -c %Y "$record")"
[ ! -r "$record" ] || head -c 4000 "$record" | sed 's/^/last /'
echo end
`;

const kind = "machine/reboot";

const needQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", recordPath(about.root)],
  ...unlessNamed(about, kind, [recordPath(about.root)]),
});

export const askReboot = (about: About): readonly Query[] => [needQuery(about)];

/** Nothing where nobody declares it, and nothing is left of it. Throws Unreadable. */
export function readReboot(answers: Answers, about: About): ReadonlyMap<string, RebootState> {
  const lines = linesBeforeEnd(answers, needQuery(about), "what it needs has no end");
  if (lines.length === 0) return new Map();
  const all = (word: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? line.slice(word.length + 1) : []));
  const [boot] = all("boot");
  if (boot === undefined) throw new Unreadable("it does not tell which boot it is");
  const [asked] = all("asked");
  const newer = newerKernel(all("kernel")[0] ?? "", all("installed"));
  const needs = [
    ...(asked === undefined ? [] : [`${askedFor}${asked}`]),
    ...(newer === undefined ? [] : [`kernel ${newer}`]),
  ];
  return new Map([
    ["", { boot, needs, packages: all("package"), ...lastOf(all("last"), all("recorded")[0]) }],
  ]);
}

/** Lines: `from BOOT`, `for NEED` each, `proven`. */
export const recordOf = ({ needs, from, isProven }: NonNullable<RebootState["last"]>): string =>
  [`from ${from}`, ...needs.map((need) => `for ${need}`), ...(isProven ? ["proven"] : []), ""].join(
    "\n",
  );

function lastOf(lines: readonly string[], seconds: string | undefined): Pick<RebootState, "last"> {
  const from = lines.find((line) => line.startsWith("from "))?.slice("from ".length);
  if (from === undefined) return {};
  const needs = lines.flatMap((line) => (line.startsWith("for ") ? line.slice("for ".length) : []));
  const at = /^[0-9]+$/.test(seconds ?? "") ? { atMs: Number(seconds) * 1_000 } : {};
  return { last: { needs, from, isProven: lines.includes("proven"), ...at } };
}
