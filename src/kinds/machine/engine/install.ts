import type { RunStep } from "../../../model/step.ts";

/**
 * From nothing, and from wherever it was cut; nothing that is there is taken away for it. Another's apt is waited for, and
 * nobody is asked.
 */
const installScript = `
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
fail() { printf '%s\\n' "$1" >&2; exit 1; }
get() {
  said=$(apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \\
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 2>&1 </dev/null)
}
why() { printf '%s\\n' "$said" | grep '^E:' | head -n 3 | tr '\\n' ' '; }
tries=0
until said=$(dpkg --force-confdef --force-confold --configure -a 2>&1 </dev/null); do
  tries=$((tries + 1))
  case $said in *lock*) ;; *) break ;; esac
  [ "$tries" -lt 150 ] || fail "dpkg is locked by another: $(printf '%s\\n' "$said" | head -n 1)"
  sleep 2
done
update=
get -o APT::Update::Error-Mode=any update || update=$(why)
set -- docker.io ca-certificates
! apt-cache show docker-cli >/dev/null 2>&1 || set -- "$@" docker-cli
enabled=N
[ ! -r /sys/module/apparmor/parameters/enabled ] || read -r enabled </sys/module/apparmor/parameters/enabled
[ "$enabled" != Y ] || set -- "$@" apparmor
get -f --no-remove --no-install-recommends install "$@" || fail "apt-get does not install docker.io: $(why)\${update:+(apt-get update: $update)}"
`;

const startScript = `
user=$1
fail() { printf '%s\\n' "$1" >&2; exit 1; }
[ -z "$user" ] || usermod -aG docker -- "$user" || fail "$user cannot be put into the group docker"
systemctl -q enable docker.service docker.socket
systemctl reset-failed docker.service docker.socket 2>/dev/null
systemctl start docker.socket docker.service
tries=0
until said=$(docker -H unix:///var/run/docker.sock version 2>&1); do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || fail "the engine is installed and does not answer: $(printf '%s\\n' "$said" | tail -n 1)"
  sleep 1
done
`;

/** The distribution's own. `user`: who logs in, if not as root: the engine's socket is for its group. */
export const installSteps = (user: string | undefined): readonly RunStep[] => [
  { do: "run", argv: ["sh", "-c", installScript, "sh"], timeoutMs: 1_500_000 },
  { do: "run", argv: ["sh", "-c", startScript, "sh", user ?? ""], timeoutMs: 120_000 },
];
