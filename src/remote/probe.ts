import { Agent, request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { DeadlinePassed, orAbort, startDeadline } from "../lib/deadline.ts";
import { ChannelRefused } from "./channel.ts";
import { execute } from "./exec.ts";
import type { Login } from "./rights.ts";
import { script } from "./quote.ts";
import { RemoteError, type ProbeTarget } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";

export interface ProbeResult {
  readonly healthy: boolean;
  readonly text: string;
}

/** Asks from the machine's own network. Rejects with RemoteError only where nothing could be asked. */
export async function probe(
  connection: Connection,
  slots: Slots,
  login: Login,
  target: ProbeTarget,
): Promise<ProbeResult> {
  const deadline = startDeadline(target.timeoutMs, connection.gone);
  const started = performance.now();
  try {
    const socket = await connection.openTcp(target.host, target.port, deadline.signal);
    try {
      if (target.httpPath === undefined) return seen(true, "connected", started);
      const status = await orAbort(getStatus(socket, target, target.httpPath), deadline.signal);
      return seen(status >= 200 && status < 400, String(status), started);
    } finally {
      socket.destroy();
    }
  } catch (error) {
    if (connection.gone.aborted) throw connection.gone.reason;
    if (error instanceof DeadlinePassed)
      return { healthy: false, text: `no answer in ${target.timeoutMs / 1000} s` };
    if (!(error instanceof ChannelRefused))
      return { healthy: false, text: wordsOf(error as Error) };
    // sshd says 'connect failed' with the system's words; anything else is its own refusal.
    if (error.reason === 2) return { healthy: false, text: error.message.toLowerCase() };
  } finally {
    deadline.end();
  }
  return probeByCommand(connection, slots, login, target);
}

const seen = (healthy: boolean, what: string, started: number): ProbeResult => ({
  healthy,
  text: `${what} in ${Math.round(performance.now() - started)} ms`,
});

function wordsOf(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNRESET" || code === "EPIPE") return "closed without an answer";
  return code === "HPE_INVALID_CONSTANT" || String(code).startsWith("HPE_")
    ? "the answer is not HTTP"
    : error.message;
}

/** The status alone: the body may never end. */
function getStatus(socket: Duplex, { host, port }: ProbeTarget, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = httpRequest({
      agent: new OneSocket(socket),
      path,
      headers: {
        host: `${host.includes(":") ? `[${host}]` : host}:${port}`,
        "user-agent": "slipway",
        connection: "close",
      },
    });
    asking.on("error", reject);
    asking.once("response", (response) => {
      response.on("error", () => undefined).resume();
      resolve(response.statusCode ?? 0);
    });
    asking.end();
  });
}

class OneSocket extends Agent {
  readonly #socket: Duplex;
  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
  }
  override createConnection(): Duplex {
    return this.#socket;
  }
}

/** For machines whose sshd forwards nothing (AllowTcpForwarding no). */
async function probeByCommand(
  connection: Connection,
  slots: Slots,
  login: Login,
  target: ProbeTarget,
): Promise<ProbeResult> {
  const { host, port, httpPath = "", timeoutMs } = target;
  const seconds = String(Math.max(1, Math.round(timeoutMs / 1000)));
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const argv = script(
    probeScript,
    host,
    String(port),
    httpPath === "" ? "" : `http://${authority}${httpPath}`,
    seconds,
  );
  const started = performance.now();
  const answer = await execute(connection, slots, login, {
    argv,
    timeoutMs: timeoutMs + 5000,
    maxBytes: 65_536,
  });
  const [word = "", status = ""] = answer.stdout.toString().trim().split(" ");
  switch (word) {
    case "status":
      return seen(Number(status) >= 200 && Number(status) < 400, status, started);
    case "connected":
      return seen(true, word, started);
    case "failed":
      return { healthy: false, text: words[status] ?? `no connection (${status})` };
    default:
      throw new RemoteError(
        connection.target.machine,
        "access",
        "sshd forwards no connections (AllowTcpForwarding) and the machine lacks curl (for HTTP) or bash (for TCP): nothing can be probed",
      );
  }
}

/** By curl's exit codes. */
const words: Readonly<Record<string, string>> = {
  "6": "no such host name",
  "7": "connection refused",
  "28": "no answer in time",
  "52": "closed without an answer",
  "56": "closed without an answer",
  "124": "no answer in time",
  "1": "connection refused",
};

const probeScript = `host=$1 port=$2 url=$3 seconds=$4
if [ -n "$url" ]; then
  command -v curl >/dev/null || exit 0
  status=$(curl -q -s -o /dev/null -g -m "$seconds" --noproxy '*' -A slipway -w '%{http_code}' -- "$url" </dev/null)
  code=$?
elif command -v bash >/dev/null; then
  status=
  timeout "$seconds" bash -c ': <"/dev/tcp/$1/$2"' sh "$host" "$port" 2>/dev/null
  code=$?
else
  exit 0
fi
if [ "$code" != 0 ]; then echo "failed $code"; elif [ -n "$url" ]; then echo "status $status"; else echo connected; fi`;
