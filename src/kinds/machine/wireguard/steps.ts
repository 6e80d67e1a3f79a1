import type { RunStep } from "../../../model/step.ts";
import { confPath, keyFolder, linkName } from "./conf.ts";

const run = (script: string, ...parameters: readonly string[]): RunStep => ({
  do: "run",
  argv: ["sh", "-c", script, "sh", ...parameters],
  timeoutMs: 60_000,
});

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

/** What other interfaces lead to would be cut off by ours. Down first: what is there under its name may be half up, or have another address. It comes up before an engine that binds its address. */
const upScript = `
set -eu
routes=$(ip -o route show root "$3")
others=$(printf '%s\\n' "$routes" | grep -v " dev $1 " || :)
[ -z "$others" ] || { echo "another interface leads to $3: $others" >&2; exit 1; }
if [ -d /run/systemd/system ]; then
  folder="/etc/systemd/system/wg-quick@$1.service.d"
  mkdir -p -- "$folder"
  printf '[Unit]\\nBefore=docker.service\\n' >"$folder/slipway.conf"
  systemctl daemon-reload
  systemctl enable --quiet "wg-quick@$1.service"
fi
[ "$2" = anew ] || exit 0
if [ -d /run/systemd/system ]; then systemctl stop "wg-quick@$1.service"; fi
[ ! -e "/sys/class/net/$1" ] || ip link delete dev "$1"
if [ -d /run/systemd/system ]; then
  systemctl start "wg-quick@$1.service" || { journalctl -q --no-pager -o cat -n 8 -u "wg-quick@$1.service" >&2 || :; exit 1; }
else
  wg-quick up "$1"
fi
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
