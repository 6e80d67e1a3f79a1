import { ipVersion } from "../../lib/ip.ts";
import { printableLine } from "../../lib/text.ts";
import type { Session } from "../../remote/session.ts";
import { isMachineId } from "../../lib/machine-id.ts";
import { UserError } from "../trouble.ts";

/** What is there before anything is changed. */
export interface FirstLook {
  readonly os: string;
  readonly hostName: string;
  readonly machineId?: string;
  readonly hasUser: boolean;
  readonly hasSudo: boolean;
  readonly hasEngine: boolean;
  /** With their interfaces: `eth1 10.0.0.11`. */
  readonly addresses: readonly { readonly link: string; readonly address: string }[];
}

const script = `
say() { printf '%s=%s\\n' "$1" "$2"; }
if [ -r /etc/os-release ]; then ( . /etc/os-release; say os "$ID"; say version "$VERSION_ID"; say title "$PRETTY_NAME" ); fi
say hostName "$(uname -n)"
[ ! -d /run/systemd/system ] || say systemd yes
id=
[ ! -r /etc/machine-id ] || read -r id </etc/machine-id
say machineId "$id"
! id -u "$1" >/dev/null 2>&1 || say user yes
! command -v sudo >/dev/null || ! command -v visudo >/dev/null || say sudo yes
[ ! -S /run/docker.sock ] || say engine yes
if command -v ip >/dev/null; then
  ip -o addr show scope global | while read -r number link family address rest; do say address "$link \${address%%/*}"; done
else
  for address in $(hostname -I 2>/dev/null); do say address "? $address"; done
fi
echo end
`;

/** Looks without changing anything. Rejects with RemoteError; throws UserError for a system that is not known. */
export async function firstLook(session: Session, user: string): Promise<FirstLook> {
  const argv = ["sh", "-c", script, "sh", user];
  const { code, stdout, stderr } = await session.exec({
    argv,
    timeoutMs: 20_000,
    maxBytes: 262_144,
  });
  const lines = stdout.toString().trimEnd().split("\n");
  if (code !== 0 || lines.pop() !== "end")
    throw new UserError(
      "refused",
      `it does not tell what it is: ${printableLine(stderr.toString().trim()).slice(0, 200) || `exit code ${code}`}`,
    );
  const pairs = lines.map(
    (line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)] as const,
  );
  const said = new Map(pairs);
  const text = (name: string): string => printableLine(said.get(name) ?? "").slice(0, 200);
  if (said.get("systemd") !== "yes" || !isKnown(text("os"), text("version")))
    throw new UserError(
      "refused",
      `it runs ${text("title") || "an unknown system"}${said.get("systemd") === "yes" ? "" : " without systemd"}: only Debian from 12 on and Ubuntu LTS from 22.04 on are set up`,
      "Make the user and the engine by hand, and write machines/NAME.yaml: 'slipway init --machine NAME=ADDRESS' shows how.",
    );
  return {
    os: text("title"),
    hostName: text("hostName"),
    ...(isMachineId(text("machineId")) ? { machineId: text("machineId") } : {}),
    hasUser: said.has("user"),
    hasSudo: said.has("sudo"),
    hasEngine: said.has("engine"),
    addresses: pairs.flatMap(([name, value]) => {
      const [link = "", address = ""] = value.split(" ");
      return name === "address" && ipVersion(address) !== undefined ? [{ link, address }] : [];
    }),
  };
}

function isKnown(os: string, version: string): boolean {
  const [, major = "", minor = ""] = /^(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  if (os === "debian") return Number(major) >= 12;
  return os === "ubuntu" && Number(major) >= 22 && Number(major) % 2 === 0 && minor === "04";
}
