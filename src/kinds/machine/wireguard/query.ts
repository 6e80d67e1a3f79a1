import { Unreadable } from "../../../model/live.ts";
import type { Answers, RunQuery } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { optional } from "../../shared/optional.ts";
import { confPath, keyFolder, linkName } from "./conf.ts";
import type { WireguardLink, WireguardState } from "./state.ts";
import { linesBeforeEnd } from "../../shared/lines.ts";
import { unlessNamed } from "../../shared/before.ts";

/**
 * `wg show … dump` would tell the private key: it is asked
 * for one thing after another.
 */
const script = `
if [ -s "$2/key" ] && command -v wg >/dev/null; then
  key=$(wg pubkey <"$2/key") || exit 1
  printf 'key %s\\n' "$key"
fi
[ ! -f "$3" ] || sed 's/^/conf /' "$3" || exit 1
[ ! -e "$2" ] || echo kept
if [ -e "/sys/class/net/$1" ]; then
  echo link
  addresses=$(ip -o address show dev "$1" scope global) || exit 1
  [ -z "$addresses" ] || printf '%s\\n' "$addresses" | while read -r _ _ _ address _; do printf 'address %s\\n' "$address"; done
  if command -v wg >/dev/null; then
    key=$(wg show "$1" public-key) && port=$(wg show "$1" listen-port) && peers=$(wg show "$1" allowed-ips) || exit 1
    printf 'by %s\\nport %s\\n' "$key" "$port"
    [ -z "$peers" ] || printf '%s\\n' "$peers" | sed 's/^/peer /'
  fi
fi
if [ -d /run/systemd/system ]; then
  if systemctl is-enabled --quiet "wg-quick@$1.service" 2>/dev/null; then echo boot yes; else echo boot no; fi
fi
echo end
`;

function wireguardQuery(about: About): RunQuery {
  const link = linkName(about.fleet);
  const [keys, conf] = [keyFolder(about.root), confPath(about.fleet)];
  return {
    ask: "run",
    argv: ["sh", "-c", script, "sh", link, keys, conf],
    ...unlessNamed(about, "machine/wireguard", [keys, conf, `/sys/class/net/${link}`]),
  };
}

export const wireguardQueries = (about: About): readonly RunQuery[] => [wireguardQuery(about)];

export function readWireguard(answers: Answers, about: About): ReadonlyMap<string, WireguardState> {
  const lines = linesBeforeEnd(answers, wireguardQuery(about), "the private network has no end");
  const said = lines.map(wordAndRest);
  const all = (word: string): readonly string[] =>
    said.flatMap(([first, rest]) => (first === word ? [rest] : []));
  const isOurs = said.some(([word]) => word !== "boot");
  if (!isOurs) return new Map();
  const conf = all("conf");
  const [boot] = all("boot");
  return new Map([
    [
      "",
      {
        ...optional("key", all("key").map(keyIn)[0]),
        ...(conf.length === 0 ? {} : { conf: conf.map((line) => `${line}\n`).join("") }),
        ...(all("link").length === 0 ? {} : { link: linkIn(all) }),
        ...(boot === undefined ? {} : { atBoot: boot === "yes" }),
      },
    ],
  ]);
}

const wordAndRest = (line: string): readonly [string, string] => {
  const [, word, rest = ""] =
    /^(key|conf|kept|link|address|by|port|peer|boot)(?: (.*))?$/.exec(line) ?? [];
  if (word === undefined) throw new Unreadable("this is not what was asked of the private network");
  return [word, rest];
};

function keyIn(text: string): string {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) throw new Unreadable("this is not a public key");
  return text;
}

function linkIn(all: (word: string) => readonly string[]): WireguardLink {
  const by = all("by").filter((key) => key !== "(none)");
  const [port] = all("port");
  const peers = all("peer").map((line): readonly [string, string] => {
    const [key = "", allowed = ""] = line.split("\t");
    return [keyIn(key), allowed === "(none)" ? "" : allowed];
  });
  return {
    ...optional("key", by.map(keyIn)[0]),
    ...(port === undefined ? {} : { port: Number(port) }),
    addresses: all("address"),
    peers: Object.fromEntries(peers),
  };
}
