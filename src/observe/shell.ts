import { randomBytes } from "node:crypto";
import { startDeadline } from "../lib/deadline.ts";
import { printableLine } from "../lib/text.ts";
import type { Answer } from "../model/query.ts";
import { RemoteError, type Session } from "../remote/session.ts";
import { scriptFor, type ShellQuery } from "./shell-script.ts";

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
