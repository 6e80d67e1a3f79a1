import type { RunStep, Step } from "../../../model/step.ts";
import { beforePath } from "../../shared/before.ts";
import { reloadSshd } from "../../shared/sshd-reload.ts";
import { runScript, scriptArgv, trialOf } from "../../shared/trial.ts";
import { kind } from "./look.ts";
import { removeScript } from "./remove.ts";
import type { FileSpec, FileState } from "./state.ts";

/** By what stands here it is decided who is let in, what a login may do, and which way leads to the machine. */
const guarding: readonly RegExp[] = [
  /^\/etc\/(?:sudoers|sudo\.conf|passwd|shadow|group|gshadow|nologin|login\.defs|shells|nsswitch\.conf)$/,
  /^\/etc\/(?:hosts\.allow|hosts\.deny|nftables\.conf|environment|bash\.bashrc|ld\.so\.preload)$/,
  /^\/etc\/(?:sudoers\.d|ssh|pam\.d|security|network|netplan|NetworkManager|systemd\/network)\//,
  /\/\.(?:ssh\/[^/]+|bashrc|zshenv)$/,
];

/** Of those who log in from here. */
const ofClients = /^\/etc\/ssh\/(?:ssh_config|ssh_known_hosts|moduli)/;

/** Of sshd, which reads them only when it is told. */
const ofSshd = /^\/etc\/ssh\//;

const ofSudo = /^\/etc\/sudoers(?:\.d\/[^/]+)?$/;
const ofNftables = /^\/etc\/nftables\.conf$/;

/** The path that is declared, and the one to which links on the way lead. */
const placesOf = (path: string, have: FileState | undefined): readonly string[] => [
  path,
  ...(have === undefined || have.missing !== undefined
    ? []
    : [`${have.folder === "/" ? "" : have.folder}${path.slice(path.lastIndexOf("/"))}`]),
];

const programs = `PATH=$PATH:/usr/sbin:/sbin`;

/** `PATH COPY`: keeps what there is now, also a link. */
const keepScript = `
umask 077
mkdir -p -- "\${2%/*}" && rm -rf -- "$2" || exit 1
[ -e "$1" ] || [ -L "$1" ] || exit 0
cp -pP -- "$1" "$2"
`;

/** `PATH COPY MADE SSHD`: what was kept; where that is nothing, without the folders that were made. */
const restoreScript = `
${programs}
${reloadSshd}
remove() {${removeScript}}
failed=0
if [ -e "$2" ] || [ -L "$2" ]; then
  cp -pP -- "$2" "$1.slipway-new" && mv -fT -- "$1.slipway-new" "$1" || failed=1
else
  (remove "$1" "$3") || failed=1
fi
[ -z "$4" ] || reload || failed=1
exit "$failed"
`;

/**
 * `FILE PATH PROGRAM…`: says what is wrong with it, where there is a program that knows. Of what that says the first line,
 * as others may have what stands in the file.
 */
const checkScript = `
${programs}
file=$1 path=$2
shift 2
said=
! command -v "$1" >/dev/null || said=$("$@" "$file" 2>&1) || {
  said=$(printf '%s\\n' "$said" | head -n 1)
  rm -f -- "$file"
  echo "$path as declared: \${said#"$file":}" >&2
  exit 1
}
rm -f -- "$file"
`;

const readBySshd = `
${programs}
${reloadSshd}
sshd -t && reload
`;

const run = (script: string, ...values: readonly string[]): RunStep =>
  runScript(30_000, script, ...values);

/** The steps as they are, or where the file could cut us off as a trial. */
export function asTrial(
  root: string,
  path: string,
  want: FileSpec | undefined,
  have: FileState | undefined,
  steps: readonly Step[],
): readonly Step[] {
  const places = placesOf(path, have);
  const is = (form: RegExp): boolean =>
    places.some((place) => form.test(place) && !ofClients.test(place));
  if (steps.length === 0 || !guarding.some(is)) return steps;
  const copy = beforePath(root, kind, path).replace(/\.json$/, ".now");
  const checks = [
    ...(is(ofSudo) ? [["visudo", "-c", "-f"]] : []),
    ...(is(ofNftables) ? [["nft", "-c", "-f"]] : []),
  ].flatMap((program) => (want === undefined ? [] : checking(program, `${copy}.new`, want)));
  const sshd = is(ofSshd) ? "sshd" : "";
  return [
    run(keepScript, path, copy),
    ...checks,
    trialOf({
      of: path,
      folder: root,
      steps: [...steps, ...(sshd === "" ? [] : [run(readBySshd)])],
      restore: scriptArgv(restoreScript, path, copy, have?.missing ?? "", sshd),
      together: kind,
    }),
    run('rm -rf -- "$1" "$1.new"', copy),
  ];
}

/** Before it is put in its place: what sudo cannot read takes root's rights from all. */
const checking = (
  program: readonly string[],
  file: string,
  { path, content }: FileSpec,
): readonly Step[] => [
  { do: "put", path: file, content, mode: "0440" },
  run(checkScript, file, path, ...program),
];
