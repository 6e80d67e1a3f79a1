import type { RunStep } from "../../model/step.ts";

/**
 * What all calls of apt have in common: nobody is asked, files that were changed by hand stay as they are, nothing is removed
 * for it, no service is restarted that has nothing to do with it, and another apt that runs is waited for, for a while.
 */
const prelude = `
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C
apt() {
  apt-get -y -q -o Dpkg::Lock::Timeout=60 -o DPkg::Lock::Timeout=60 -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \\
    -o Acquire::https::Timeout=20 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 2>&1
}
there() {
  version=$(dpkg-query -W -f '\${db:Status-Status} \${Version}\\n' -- "\${1%%=*}" 2>/dev/null | sed -n 's/^installed //p' | head -n 1)
  [ -n "$version" ] || return 1
  case $1 in *=*) [ "$version" = "\${1#*=}" ] ;; esac
}
mend() {
  case $said in *'dpkg --configure -a'*) said=$(dpkg --force-confdef --force-confold --configure -a 2>&1) ;; *) return 1 ;; esac
}
fail() {
  printf '%s\\n' "$1" | grep -E '^(E:|dpkg: )|^Err:' | tail -n 4 >&2
  exit 1
}
`;

/**
 * All that is still missing of a list comes by one run of apt; where that fails, the one that it is about alone, so that no
 * other is in its way. What apt does not find it looks for in fresh lists. $1: the one; $2: an option; then the list.
 */
const installScript = `${prelude}
want=$1 option=$2
shift 2
there "$want" && exit 0
count=$#
while [ "$count" -gt 0 ]; do
  one=$1 count=$((count - 1))
  shift
  there "$one" || set -- "$@" "$one"
done
install() { said=$(apt install --no-install-recommends --no-remove $option -- "$@"); }
if ! install "$@"; then
  mend || :
  fresh=$(apt update) || :
  install "$@" || install "$want" || fail "$fresh
$said"
fi
there "$want" || { echo "apt installed no package that is called $want; is it a virtual one?" >&2; exit 1; }
`;

/** One that is there by half, as dpkg was cut, apt may not know what to do with. */
const removeScript = `${prelude}
try() { said=$(apt "$@" remove --no-auto-remove -- "$name"); }
name=$1
case $(dpkg-query -W -f '\${db:Status-Status}\\n' -- "$name" 2>/dev/null | head -n 1) in
  '' | not-installed | config-files) exit 0 ;;
  half-* | unpacked) said=$(dpkg --force-remove-reinstreq --remove -- "$name" 2>&1) || fail "$said" ;;
  *)
    try -s || { mend && try -s; } || fail "$said"
    others=$(printf '%s\\n' "$said" | sed -n 's/^Remv \\([^ ]*\\).*/\\1/p' | grep -vxF -- "$name")
    [ -z "$others" ] || { echo "it is needed by" $others >&2; exit 1; }
    try || { mend && try; } || fail "$said" ;;
esac
`;

const timeoutMs = 600_000;

const run = (script: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs,
});

/** `NAME`, or `NAME=VERSION`; `all` of the machine come along. */
export const installPackage = (want: string, all: readonly string[]): RunStep =>
  run(installScript, want, "", ...all);

/** A version that is older than the one that is there. */
export const downgradePackage = (want: string): RunStep =>
  run(installScript, want, "--allow-downgrades", want);

/** Its configuration stays, and what was installed with it. */
export const removePackage = (name: string): RunStep => run(removeScript, name);
