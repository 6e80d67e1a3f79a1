import { isMachineId } from "../lib/machine-id.ts";
import { printableLine } from "../lib/text.ts";
import { execute } from "./exec.ts";
import { script } from "./quote.ts";
import { plainLogin, type Login } from "./rights.ts";
import { RemoteError, type Target } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";
import { placeOf } from "./trouble.ts";

const timeoutMs = 15_000;

/**
 * Who we are there, by the connection's first command, which also makes sshd set TCP_NODELAY: without one every
 * other channel is 40 ms late. Rejects with RemoteError: of class access where root's rights cannot be had, of class identity
 * where the machine is another than the one that is pinned.
 */
export async function findLogin(connection: Connection, slots: Slots): Promise<Login> {
  const answer = await execute(connection, slots, plainLogin, {
    argv: script(question),
    timeoutMs,
    maxBytes: 65_536,
  });
  const { machine, user } = connection.target;
  const [noise, found] = answer.stdout.toString().split("slipway:");
  const [uid, guard, id = ""] = found?.trim().split(" ") ?? [];
  if (uid === undefined) {
    const said = answer.stderr.toString().trim() || `exit code ${answer.code}`;
    throw new RemoteError(
      machine,
      "access",
      `the login shell of ${user} runs no commands: ${firstLine(said)}`,
    );
  }
  if (noise !== "") {
    const why = `the login shell of ${user} prints '${firstLine(noise ?? "")}' before any command's output`;
    throw new RemoteError(
      machine,
      "access",
      `${why}; let its start-up files print only when interactive`,
    );
  }
  checkMachineId(connection.target, id);
  if (answer.code !== 0) throw noRoot(machine, user, answer.stderr.toString());
  return { root: uid === "0", guard: guard === "guard" };
}

const question = `uid=$(id -u)
if timeout -k 1 1 true 2>/dev/null; then guard=guard; else guard=none; fi
id=
[ ! -r /etc/machine-id ] || read -r id </etc/machine-id
echo "slipway:$uid $guard $id"
[ "$uid" = 0 ] || sudo -n -- true`;

function checkMachineId(target: Target, seen: string): void {
  const { machine, machineId: pinned } = target;
  if (pinned === undefined || seen === pinned) return;
  const why = isMachineId(seen)
    ? `has another machine-id than the pinned one: expected ${pinned}, seen ${seen}. A reinstalled machine has a new one, ` +
      `which 'slipway machine accept ${machine}' pins; anything else is another machine`
    : `tells no machine-id, expected ${pinned}: whether it is the machine that is meant is not known. Nothing is done there ` +
      `until /etc/machine-id says so, or machines/${machine}.yaml pins none`;
  throw new RemoteError(machine, "identity", `${placeOf(target)} ${why}`);
}

function noRoot(machine: string, user: string, stderr: string): RemoteError {
  const said = firstLine(stderr.trim()) || "no reason given";
  const advice = /not found/.test(said)
    ? "install sudo there, or log in as root. Then"
    : "log in as root, or";
  return new RemoteError(
    machine,
    "access",
    `${user} cannot become root without a password (${said}): ${advice} write this line into /etc/sudoers.d/${user} ` +
      `there (sudo visudo -f /etc/sudoers.d/${user}): ${user} ALL=(ALL) NOPASSWD: ALL`,
  );
}

/** Enough to recognise it. */
const firstLine = (text: string): string =>
  printableLine(text.split("\n", 1)[0] ?? "").slice(0, 200);
