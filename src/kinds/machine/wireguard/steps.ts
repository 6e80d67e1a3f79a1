import type { RunStep, Step } from "../../../model/step.ts";
import { runScript, scriptArgv, trialOf } from "../../shared/trial.ts";
import { confPath, keyFolder, linkName } from "./conf.ts";

const run = (script: string, ...parameters: readonly string[]): RunStep =>
  runScript(60_000, script, ...parameters);

/** Made there, and read by nobody else. */
const keyScript = `
set -eu
umask 077
for tool in wg wg-quick; do
  command -v "$tool" >/dev/null || { echo "there is no \\\`$tool\\\`, which wireguard needs: install wireguard-tools" >&2; exit 1; }
done
mkdir -p -- "$1" /etc/wireguard
[ ! -s "$1/key" ] || exit 0
wg genkey >"$1/key.partial"
mv -f -- "$1/key.partial" "$1/key"
`;

export const makeKey = (root: string): RunStep => run(keyScript, keyFolder(root));

/** `LINK`: brings it up before an engine that binds its address, at each boot. */
const enable = `
enable() {
  folder="/etc/systemd/system/wg-quick@$1.service.d"
  mkdir -p -- "$folder" && printf '[Unit]\\nBefore=docker.service\\n' >"$folder/slipway.conf" &&
    systemctl daemon-reload && systemctl enable --quiet "wg-quick@$1.service"
}
disable() {
  rm -rf -- "/etc/systemd/system/wg-quick@$1.service.d"
  systemctl disable --quiet "wg-quick@$1.service" 2>/dev/null || :
  systemctl daemon-reload
}
`;

/** `LINK`: down first, as what is there under its name may be half up, or have another address. */
const anew = `
down() {
  if [ -d /run/systemd/system ]; then systemctl stop "wg-quick@$1.service" 2>/dev/null || :; fi
  [ ! -e "/sys/class/net/$1" ] || ip link delete dev "$1"
}
up() {
  if [ -d /run/systemd/system ]; then
    systemctl start "wg-quick@$1.service" || { journalctl -q --no-pager -o cat -n 8 -u "wg-quick@$1.service" >&2 || :; return 1; }
  else
    wg-quick up "$1"
  fi
}
`;

/** What other interfaces lead to would be cut off by ours. */
const upScript = `
set -eu
${enable}${anew}
routes=$(ip -o route show root "$3")
others=$(printf '%s\\n' "$routes" | grep -v " dev $1 " || :)
[ -z "$others" ] || { echo "another interface leads to $3: $others" >&2; exit 1; }
if [ -d /run/systemd/system ]; then enable "$1"; fi
[ "$2" = anew ] || exit 0
down "$1"
up "$1"
`;

export const bringUp = (fleet: string, address: string, how: "anew" | "as it is"): RunStep =>
  run(upScript, linkName(fleet), how, address);

/** Sessions of peers that stay the same go on. */
const syncScript = `
set -eu
stripped=$(wg-quick strip "$1")
{ printf '[Interface]\\nPrivateKey = %s\\n' "$(cat "$2/key")"; printf '%s\\n' "$stripped"; } | wg syncconf "$1" /dev/stdin
`;

export const syncPeers = (fleet: string, root: string): RunStep =>
  run(syncScript, linkName(fleet), keyFolder(root));

const downScript = `
set -eu
if [ -d /run/systemd/system ]; then
  systemctl disable --now --quiet "wg-quick@$1.service" 2>/dev/null || :
  rm -rf -- "/etc/systemd/system/wg-quick@$1.service.d"
  systemctl daemon-reload
fi
[ ! -e "/sys/class/net/$1" ] || ip link delete dev "$1"
rm -f -- "$3"
rm -rf -- "$2"
`;

export const takeDown = (fleet: string, root: string): RunStep =>
  run(downScript, linkName(fleet), keyFolder(root), confPath(fleet));

const keptFolder = (root: string): string => `${root}/before/wireguard`;

/** `LINK KEYS CONF FOLDER`: keeps what there is now. */
const keepScript = `
umask 077
rm -rf -- "$4" && mkdir -p -- "$4" || exit 1
[ ! -f "$2/key" ] || cp -p -- "$2/key" "$4/key" || exit 1
[ ! -f "$3" ] || cp -p -- "$3" "$4/conf" || exit 1
[ ! -e "/sys/class/net/$1" ] || : >"$4/up" || exit 1
if [ -d /run/systemd/system ] && systemctl is-enabled --quiet "wg-quick@$1.service" 2>/dev/null; then : >"$4/boot"; fi
`;

/** `LINK KEYS CONF FOLDER`: puts back what was kept; a key that was made since stays for the next time. */
const restoreScript = `
${enable}${anew}
failed=0
down "$1" || failed=1
umask 077
if [ -f "$4/key" ]; then mkdir -p -- "$2" && cp -p -- "$4/key" "$2/key" || failed=1; fi
if [ -f "$4/conf" ]; then cp -p -- "$4/conf" "$3.slipway" && mv -f -- "$3.slipway" "$3"; else rm -f -- "$3"; fi || failed=1
umask 022
if [ -d /run/systemd/system ]; then
  if [ -f "$4/boot" ]; then enable "$1"; else disable "$1"; fi || failed=1
fi
[ ! -f "$4/up" ] || up "$1" || failed=1
exit "$failed"
`;

/** A network that comes or goes may take the way to the machine with it. */
export function asTrial(fleet: string, root: string, steps: readonly Step[]): readonly Step[] {
  const values = [linkName(fleet), keyFolder(root), confPath(fleet), keptFolder(root)];
  return [
    run(keepScript, ...values),
    trialOf({
      of: "the private network",
      folder: root,
      steps,
      restore: scriptArgv(restoreScript, ...values),
    }),
    { do: "remove", path: keptFolder(root) },
  ];
}
