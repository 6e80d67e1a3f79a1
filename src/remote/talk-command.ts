import { printableLine } from "../lib/text.ts";
import { execute } from "./exec.ts";
import { script } from "./quote.ts";
import type { Login } from "./rights.ts";
import { RemoteError, type TalkRequest } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";

/** Exit codes of our own. */
const nothingListens = 44;
const noTool = 46;

/** By what the machine has that can open a unix socket, as root. What is said goes by its input. */
export async function talkByCommand(
  connection: Connection,
  slots: Slots,
  login: Login,
  { path, text, ...bounds }: TalkRequest,
): Promise<string> {
  const { machine, user } = connection.target;
  const trouble = (cls: RemoteError["class"], why: string, cause?: unknown): RemoteError =>
    new RemoteError(machine, cls, why, { cause });
  const seconds = String(Math.ceil(bounds.timeoutMs / 1000));
  const argv = script(talkScript, path, seconds, perlProgram, pythonProgram);
  const result = await execute(connection, slots, login, {
    argv,
    stdin: text,
    ...bounds,
  }).catch((error: unknown) => {
    if (!(error instanceof RemoteError) || connection.gone.aborted) throw error;
    throw trouble(error.class, `${path}: ${error.message}`, error);
  });
  const { code, stdout, stderr } = result;
  if (code === 0) return stdout.toString();
  if (code === nothingListens) throw trouble("network", `nothing listens at ${path}`);
  if (code === noTool) {
    const why = `the login as ${user} cannot open ${path} (sshd forwards no sockets, AllowStreamLocalForwarding, or it is another user's)`;
    throw trouble(
      "access",
      `${why}, and the machine has no perl, python3, socat or nc with -U to do it as root: install one`,
    );
  }
  const said = printableLine(stderr.toString().trim()).slice(-300) || `exit code ${code}`;
  throw trouble("access", `cannot talk to ${path}: ${said}`);
}

/** Each says all and hears all at once: neither side waits for the other to read. */
const talkScript = `path=$1 seconds=$2 perl=$3 python=$4
export LC_ALL=C
[ -S "$path" ] || exit ${nothingListens}
has() { command -v "$1" >/dev/null 2>&1; }
if has perl; then
  perl -e "$perl" "$path"
  code=$?
  [ "$code" = ${noTool} ] || exit "$code"
fi
if has python3; then
  python3 -IS -c "$python" "$path"
  code=$?
  [ "$code" = ${noTool} ] || exit "$code"
fi
if has socat; then
  set -- socat -t "$seconds" - "UNIX-CONNECT:$path"
elif has nc && nc -h 2>&1 | grep -q -e '-[0-9A-Za-z]*U'; then
  set -- nc -U "$path"
else
  exit ${noTool}
fi
exec 3>&1
said=$("$@" 2>&1 >&3) && exit 0
case $said in *refused*) exit ${nothingListens} ;; esac
printf '%s\\n' "$said" >&2
exit 1`;

const perlProgram = `eval { require Socket; require Errno; 1 } or exit ${noTool};
sub refuse { print STDERR "$!\\n"; exit 1 }
sub copy {
  my ($from, $to) = @_;
  while (sysread($from, my $part, 65536)) {
    for (my $at = 0; $at < length $part; ) {
      $at += syswrite($to, $part, length($part) - $at, $at) // return;
    }
  }
}
socket(my $socket, Socket::PF_UNIX(), Socket::SOCK_STREAM(), 0) or refuse();
unless (connect($socket, Socket::pack_sockaddr_un($ARGV[0]))) {
  my $code = $! + 0;
  exit ${nothingListens} if grep { $_ == $code } Errno::ENOENT(), Errno::ENOTDIR(), Errno::ECONNREFUSED();
  refuse();
}
$SIG{PIPE} = "IGNORE";
my $child = fork() // refuse();
if ($child == 0) {
  close STDOUT;
  copy(\\*STDIN, $socket);
  shutdown($socket, 1);
  exit 0;
}
copy($socket, \\*STDOUT);
kill "TERM", $child;`;

const pythonProgram = `import errno, os, socket, sys, threading
there = socket.socket(socket.AF_UNIX)
try:
    there.connect(sys.argv[1])
except OSError as error:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ECONNREFUSED):
        sys.exit(${nothingListens})
    sys.exit(str(error))
def say():
    try:
        there.sendall(sys.stdin.buffer.read())
        there.shutdown(socket.SHUT_WR)
    except OSError:
        pass
threading.Thread(target=say, daemon=True).start()
while True:
    try:
        part = there.recv(65536)
    except ConnectionResetError:
        break
    if not part:
        break
    sys.stdout.buffer.write(part)
sys.stdout.buffer.flush()
os._exit(0)`;
