import { randomBytes } from "node:crypto";
import { startDeadline } from "../lib/deadline.ts";
import { printableLine } from "../lib/text.ts";
import type { Answer, ListQuery, ReadQuery, RunQuery, Sign } from "../model/query.ts";
import { quote, script } from "../remote/quote.ts";
import { RemoteError, type Session } from "../remote/session.ts";

export type ShellQuery = ReadQuery | ListQuery | RunQuery | SocketQuestion;

/** Whether there is a socket: answered, with nothing, if so. */
export interface SocketQuestion {
  readonly ask: "socket";
  readonly path: string;
  /** Gets the answer while the other questions are still being answered, where those for sockets come first. */
  readonly tell: (answer: Answer) => void;
}

export interface ShellLimits {
  /** For each question, over there. */
  readonly questionSeconds: number;
  /** For all of them; what was answered until then counts. */
  readonly allMs: number;
}

const outputLimit = 8 * 1024 * 1024;
const allOutputLimit = 64 * 1024 * 1024;

/**
 * Asks all questions by one command, a POSIX shell that reads its script from its input. Answers are in the order of the
 * questions. Never rejects for trouble: that is told to `onTrouble`, and what was not answered is unknown.
 */
export async function askShell(
  session: Session,
  queries: readonly ShellQuery[],
  limits: ShellLimits,
  onTrouble: (trouble: RemoteError) => void,
): Promise<readonly Answer[]> {
  if (queries.length === 0) return [];
  const mark = randomBytes(16).toString("hex");
  const input = scriptFor(queries, mark, session.limit(limits.questionSeconds));
  const { output, trouble } = await run(session, input, {
    last: `${mark} done\n`,
    timeoutMs: limits.allMs,
    heard: tellSockets(queries, mark),
  });
  if (trouble !== undefined) onTrouble(trouble);
  const missing = trouble?.message ?? "no answer: the questions ended before it";
  return queries.map((query, index) => {
    const answer = answerOf(query, frameOf(output, mark, index), missing);
    if (query.ask === "socket") query.tell(answer);
    return answer;
  });
}

/** Tells what was answered of the sockets that come first, as it comes. */
function tellSockets(
  queries: readonly ShellQuery[],
  mark: string,
): (chunks: readonly Uint8Array[]) => void {
  let next = 0;
  return (chunks) => {
    for (let query = queries[next]; query?.ask === "socket"; query = queries[++next]) {
      const frame = frameOf(Buffer.concat(chunks), mark, next);
      if (frame === undefined) return;
      query.tell(answerOf(query, frame, ""));
    }
  };
}

interface Output {
  readonly output: Buffer;
  readonly trouble?: RemoteError;
}

interface Running {
  readonly last: string;
  readonly timeoutMs: number;
  /** Called with all that has come so far. */
  readonly heard: (chunks: readonly Uint8Array[]) => void;
}

/** What came until `last`, the end, or the time limit. */
async function run(
  session: Session,
  input: string,
  { last, timeoutMs, heard }: Running,
): Promise<Output> {
  const deadline = startDeadline(timeoutMs);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const failed = (trouble: RemoteError): Output => ({ output: Buffer.concat(chunks), trouble });
  try {
    const { signal } = deadline;
    const process = await session.start({ argv: ["sh"], stdin: input, signal });
    process.end();
    for await (const chunk of process.stdout) {
      chunks.push(chunk);
      bytes += chunk.length;
      heard(chunks);
      if (bytes > allOutputLimit) {
        process.kill();
        return failed(
          new RemoteError(session.machine, "limit", `more than ${allOutputLimit} bytes of answers`),
        );
      }
    }
    const output = Buffer.concat(chunks);
    if (output.subarray(-last.length).toString("latin1") === last) return { output };
    if (signal.aborted) return failed(tooLate(session, timeoutMs));
    const code = await process.exited;
    return failed(
      new RemoteError(
        session.machine,
        "access",
        `the shell there ended with ${code} before its last answer`,
      ),
    );
  } catch (error) {
    if (error instanceof RemoteError) return failed(error);
    if (deadline.signal.aborted) return failed(tooLate(session, timeoutMs));
    throw error;
  } finally {
    deadline.end();
  }
}

const tooLate = (session: Session, timeoutMs: number): RemoteError =>
  new RemoteError(session.machine, "timeout", `not all was answered in ${timeoutMs / 1000} s`);

/**
 * Each answer stands between two lines that begin with the mark, which nothing that is read can foresee: so any bytes
 * pass. Few processes: they are what an observation costs.
 */
const prelude = (mark: string): string => `m=${mark}
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
begin() { printf '%s %s\\n' "$m" "$1"; }
end() { printf '\\n%s end %s\\n' "$m" "$1"; }
missing() {
  said=$(ls -d -- "$1" 2>&1 >/dev/null)
  case $said in
    *'No such file or directory' | *'Not a directory') end absent ;;
    *) printf '%s' "\${said:-$2}"; end unreadable ;;
  esac
}
file() {
  begin "$1"
  if [ -f "$2" ]; then head -c "$3" -- "$2" 2>/dev/null; end $?; else missing "$2" 'it is no file'; fi
}
socket() {
  begin "$1"
  if [ -S "$2" ]; then end 0; else missing "$2" 'it is no socket'; fi
}
answer() {
  begin "$1"
  shift
  "$@" 2>/dev/null
  end $?
}
there() { [ -e "$1" ] || [ -L "$1" ]; }
marked() {
  [ ! -r "$1" ] || while IFS= read -r line || [ -n "$line" ]; do
    case $line in "$2"*) return 0 ;; esac
  done <"$1"
  return 1
}
where() {
  index=$1 found=
  shift
  while [ "$1" != -- ]; do
    case $1 in
      in) ! marked "$2" "$3" || found=1; shift 3 ;;
      *) ! there "$1" || found=1; shift ;;
    esac
  done
  shift
  if [ -n "$found" ]; then answer "$index" "$@"; else begin "$index"; echo end; end 0; fi
}
folder() {
  if [ ! -d "$2" ]; then begin "$1"; missing "$2" 'it is no folder'; return; fi
  index=$1
  shift 2
  answer "$index" "$@"
}
`;

const listNames = `cd -- "$1" && ls -A >/dev/null || exit
for name in * .[!.]* ..?*; do
  if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\\0' "$name"; fi
done`;

function scriptFor(queries: readonly ShellQuery[], mark: string, limit: readonly string[]): string {
  const asked = queries.map((query, index) => {
    switch (query.ask) {
      case "read":
        return `file ${quote([String(index), query.path, String(query.maxBytes + 1)])}`;
      case "socket":
        return `socket ${quote([String(index), query.path])}`;
      case "list":
        return `folder ${quote([String(index), query.path, ...limit, ...script(listNames, query.path)])}`;
      case "run":
        return query.where === undefined
          ? `answer ${quote([String(index), ...limit, ...query.argv])}`
          : `where ${index} ${query.where.map(signWords).join(" ")} -- ${quote([...limit, ...query.argv])}`;
    }
  });
  // The shell's own input is this script: what it runs must not read it.
  return `${prelude(mark)}all() {\n${asked.join("\n")}\nprintf '%s done\\n' "$m"\n}\nall </dev/null\n`;
}

/** All our paths begin with a slash, and with nothing that the shell would take for a pattern but the last star. */
const signWords = (sign: Sign): string => {
  if (typeof sign !== "string") return quote(["in", sign.file, sign.line]);
  return sign.endsWith("*") ? `${quote([sign.slice(0, -1)])}*` : quote([sign]);
};

const mostBytes = (query: ShellQuery): number =>
  query.ask === "read" ? query.maxBytes : outputLimit;

interface Frame {
  readonly content: Buffer;
  /** An exit code, `absent` or `unreadable`. */
  readonly ending: string;
}

function frameOf(output: Buffer, mark: string, index: number): Frame | undefined {
  const head = `${mark} ${index}\n`;
  const start = output.indexOf(head, 0, "latin1");
  if (start < 0) return undefined;
  const tail = `\n${mark} end `;
  const from = start + head.length;
  // An empty content leaves the line end of the head right before the tail.
  const end = output.indexOf(tail, from, "latin1");
  const lineEnd = end < 0 ? -1 : output.indexOf("\n", end + tail.length, "latin1");
  if (lineEnd < 0) return undefined;
  return {
    content: output.subarray(from, end),
    ending: output.toString("latin1", end + tail.length, lineEnd),
  };
}

function answerOf(query: ShellQuery, frame: Frame | undefined, missing: string): Answer {
  const unknown = (why: string): Answer => ({
    state: "unknown",
    why: `${subjectOf(query)}: ${why}`,
  });
  if (frame === undefined) return unknown(missing);
  const { content, ending } = frame;
  if (ending === "absent") return { state: "absent" };
  if (ending === "unreadable") return unknown(printableLine(content.toString()).slice(0, 300));
  if (content.length > mostBytes(query)) return unknown(`more than ${mostBytes(query)} bytes`);
  const code = Number(ending || "NaN");
  if (code === 124 || code === 137) return unknown("no answer in time");
  if (!Number.isInteger(code) || (code !== 0 && query.ask !== "run"))
    return unknown(`reading ended with ${ending}`);
  return { state: "answered", value: { form: "text", text: content.toString(), code } };
}

const subjectOf = (query: ShellQuery): string =>
  query.ask === "run" ? (query.argv[0] ?? "") : query.path;
