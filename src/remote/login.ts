import { printableLine } from "../lib/text.ts";
import { execute } from "./exec.ts";
import { script } from "./quote.ts";
import { plainLogin, type Login } from "./rights.ts";
import { RemoteError } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";

const timeoutMs = 15_000;

/**
 * Who we are there, by the connection's first command, which also makes sshd set TCP_NODELAY: without one every
 * other channel is 40 ms late. Rejects with RemoteError of class access where root's rights cannot be had.
 */
export async function findLogin(connection: Connection, slots: Slots): Promise<Login> {
  const answer = await execute(connection, slots, plainLogin, {
    argv: script(question),
    timeoutMs,
    maxBytes: 65_536,
  });
  const { machine, user } = connection.target;
  const [noise, found] = answer.stdout.toString().split("slipway:");
  const [uid, guard] = found?.trim().split(" ") ?? [];
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
  if (answer.code !== 0) throw noRoot(machine, user, answer.stderr.toString());
  return { root: uid === "0", guard: guard === "guard" };
}

const question = `uid=$(id -u)
if timeout -k 1 1 true 2>/dev/null; then guard=guard; else guard=none; fi
echo "slipway:$uid $guard"
[ "$uid" = 0 ] || sudo -n -- true`;

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
