import { Unreadable } from "../../../model/live.ts";
import type { Answers, RunQuery } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { optional } from "../../shared/optional.ts";
import { tableOf } from "./rules.ts";
import type { FirewallState } from "./state.ts";
import { linesBeforeEnd } from "../../shared/lines.ts";
import { unlessNamed } from "../../shared/before.ts";

export const kindId = "machine/firewall";
export const unitOf = (fleet: string): string => `slipway-${fleet}-firewall.service`;
export const folderOf = (root: string): string => `${root}/firewall`;

/** `what text`, a line each, then `end`. */
const script = `
folder=$1 table=$2 unit=$3
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
newline='
'
tell() { sed "s/^/$1 /"; }
tell_all() {
  what=$1 only=$2
  set -f
  IFS=$newline
  for line in $3; do
    case $line in "$only"*) printf '%s %s\\n' "$what" "$line" ;; esac
  done
  unset IFS
  set +f
}
for tool in nft:nftables ip:iproute2; do
  command -v "\${tool%:*}" >/dev/null || { echo "missing $tool" && echo end; exit; }
done
[ ! -d "$folder" ] || echo ours
found=$(ip -o addr show) || exit 1
tell_all addr '' "$found"
found=$(ip -o route show table all && ip -o -6 route show table all 2>/dev/null) || exit 1
tell_all route 'default ' "$found"
tables=$newline$(nft list tables)$newline || exit 1
case $tables in *"\${newline}table inet $table$newline"*)
  found=$(nft -s list table inet "$table") || exit 1
  printf '%s\\n' "$found" | tell table ;;
esac
[ ! -f "$folder/rules.nft" ] || tell rules <"$folder/rules.nft" || exit 1
[ ! -f "$folder/made" ] || tell made <"$folder/made" || exit 1
isManaged=
if [ -d /run/systemd/system ]; then
  echo systemd
  [ ! -f "/etc/systemd/system/$unit" ] || tell unit <"/etc/systemd/system/$unit" || exit 1
  [ ! -L "/etc/systemd/system/sysinit.target.wants/$unit" ] || echo enabled
  for place in /etc /lib /usr/lib; do
    [ ! -e "$place/systemd/system/firewalld.service" ] || isManaged=1
  done
fi
if command -v ufw >/dev/null && grep -qi '^ENABLED=yes' /etc/ufw/ufw.conf 2>/dev/null; then echo 'rival ufw'; fi
case $tables in
  *" firewalld$newline"*) echo 'rival firewalld' ;;
  *) [ -z "$isManaged" ] || ! systemctl is-active -q firewalld 2>/dev/null || echo 'rival firewalld' ;;
esac
jumps() {
  case $(nft list chain ip nat PREROUTING 2>/dev/null) in *DOCKER*) return 0 ;; esac
  case $tables in *" docker-bridges$newline"*) return 0 ;; esac
  grep -qs '^nat' /proc/net/ip_tables_names && iptables-legacy -t nat -S PREROUTING 2>/dev/null | grep -q DOCKER
}
pid=
[ ! -r /run/docker.pid ] || read -r pid </run/docker.pid
if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then
  jumps || grep -qs '"iptables"[[:space:]]*:[[:space:]]*false' /etc/docker/daemon.json ||
    tr '\\0' '\\n' <"/proc/$pid/cmdline" | grep -qx -e '--iptables=false' || echo flushed
fi
port=\${SSH_CONNECTION##* } pid=$$
while [ -z "$port" ] && [ "$pid" -gt 1 ]; do
  port=$(tr '\\0' '\\n' 2>/dev/null <"/proc/$pid/environ" | sed -n 's/^SSH_CONNECTION=.* //p')
  read -r line <"/proc/$pid/stat" || break
  set -- \${line##*) }
  pid=$2
done
[ -z "$port" ] || echo "ssh $port"
echo end
`;

export const firewallQuery = (about: About): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", folderOf(about.root), tableOf(about.fleet), unitOf(about.fleet)],
  ...unlessNamed(about, kindId, [folderOf(about.root)]),
});

/** None where nobody asks for one and there is none of ours. Throws Unreadable. */
export function readFirewall(answers: Answers, about: About): FirewallState | undefined {
  const lines = linesBeforeEnd(
    answers,
    firewallQuery(about),
    "what is said of the firewall has no end",
  );
  if (lines.length === 0) return undefined;
  const said = Map.groupBy(lines, (line) => /^\w*/.exec(line)?.[0] ?? "");
  const of = (word: string): readonly string[] | undefined =>
    said.get(word)?.map((line) => line.slice(word.length + 1));
  const [tool, from] = of("missing")?.[0]?.split(":") ?? [];
  if (tool !== undefined)
    throw new Unreadable(`there is no \`${tool}\`, which a firewall needs: install ${from}`);
  const port = Number(of("ssh")?.[0] ?? "NaN");
  const rules = of("rules");
  const unit = of("unit");
  const rival = (["ufw", "firewalld"] as const).find((one) => one === of("rival")?.[0]);
  return {
    outside: outsideIn(of("route") ?? []),
    links: linksIn(of("addr") ?? []),
    ...optional("sshPort", port >= 1 && port <= 65_535 ? port : undefined),
    ...optional("rival", rival),
    ...(said.has("flushed") ? { isFlushed: true as const } : {}),
    ...(said.has("ours") ? { isOurs: true as const } : {}),
    ...optional("table", of("table")),
    ...optional("made", of("made")),
    ...optional("rules", rules && `${rules.join("\n")}\n`),
    ...(said.has("systemd")
      ? {
          boot: {
            ...optional("unit", unit && `${unit.join("\n")}\n`),
            isEnabled: said.has("enabled"),
          },
        }
      : {}),
  };
}

/** What the kernel lets an interface be called is more than what is put into a rule. */
function link(name: string): string {
  const own = name.replace(/@.*$/, "");
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,14}$/.test(own)) return own;
  throw new Unreadable("an interface has a name that no rule can have");
}

const outsideIn = (routes: readonly string[]): readonly string[] =>
  [
    ...new Set(
      routes.flatMap((line) =>
        [...line.matchAll(/ dev (\S+)/g)].map(([, name = ""]) => link(name)),
      ),
    ),
  ].toSorted();

/** `2: eth0    inet 198.51.100.7/24 scope global eth0` */
const linksIn = (lines: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, address] = /^\d+:\s+(\S+)\s+inet6?\s+([0-9a-fA-F.:]+)/.exec(line) ?? [];
      return name === undefined || address === undefined
        ? []
        : [[address.toLowerCase(), link(name)] as const];
    }),
  );
