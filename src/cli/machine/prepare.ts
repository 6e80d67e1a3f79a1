import { printableLine } from "../../lib/text.ts";
import type { Session } from "../../remote/session.ts";
import { UserError } from "../trouble.ts";

export interface Preparing {
  readonly user: string;
  /** As in `authorized_keys`. */
  readonly keys: readonly string[];
}

/**
 * Each part only where it is missing, so that it can begin again from wherever it was cut. What belongs to the user is
 * written as the user: root follows nobody's links.
 */
const script = `
set -eu
user=$1
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
umask 022
if ! command -v visudo >/dev/null; then
  apt-get -q -o DPkg::Lock::Timeout=120 update >&2
  apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends sudo >&2
fi
id -u "$user" >/dev/null 2>&1 || useradd --create-home --user-group --shell /bin/bash --password '*' "$user"
home=$(getent passwd "$user" | cut -d: -f6)
if [ ! -d "$home" ]; then
  mkdir -p "$home"
  chown "$user:$(id -g "$user")" "$home"
fi
runuser -u "$user" -- sh -euc '
  umask 077
  cd "$1"
  mkdir -p .ssh
  file=.ssh/authorized_keys
  [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
  while read -r type key; do
    grep -qsF "$type $key" "$file" || printf "%s %s slipway\\n" "$type" "$key" >>"$file"
  done
' sh "$home"
if ! runuser -u "$user" -- sudo -n true 2>/dev/null; then
  mkdir -p /etc/sudoers.d
  file=/etc/sudoers.d/slipway-$(printf %s "$user" | tr . _)
  draft=$file.new
  ( umask 077; printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\\n' "$user" >"$draft" )
  chmod 0440 "$draft"
  visudo -cqf "$draft" >&2 || { rm -f "$draft"; echo "visudo refuses its line for sudo" >&2; exit 1; }
  mv -f "$draft" "$file"
  runuser -u "$user" -- sudo -n true
fi
echo done
`;

/** Makes the user with our keys and the right to become root. Rejects with RemoteError; throws UserError for what it says. */
export async function prepare(session: Session, { user, keys }: Preparing): Promise<void> {
  const { code, stdout, stderr } = await session.exec({
    argv: ["sh", "-c", script, "sh", user],
    stdin: keys.map((key) => `${key}\n`).join(""),
    timeoutMs: 300_000,
    maxBytes: 1_048_576,
  });
  if (code === 0 && stdout.toString().trimEnd().endsWith("done")) return;
  const said = stderr.toString().trimEnd().split("\n").at(-1) ?? "";
  throw new UserError(
    "refused",
    `the user ${user} could not be made there: ${printableLine(said).slice(0, 300) || `exit code ${code}`}`,
    "Once that is mended, run it again: what is there already stays as it is.",
  );
}
