import type { Json } from "../lib/json.ts";
import { isObject } from "../lib/json.ts";
import { mapLimit } from "../lib/parallel.ts";
import { queryKey, type Answer, type EngineQuery, type Query } from "../model/query.ts";
import { RemoteError, type Session } from "../remote/session.ts";

type ShellQuery = Exclude<Query, EngineQuery>;

const absentCode = 44;
const answerLimit = 8 * 1024 * 1024;
const allAnswersLimit = 64 * 1024 * 1024;
const shellMs = 60_000;
const engineMs = 20_000;
const elementsAtOnce = 16;
const elementLimit = 10_000;

/**
 * Answers many questions in one command: $1 bytes at most of each answer, then for each question the number of its words
 * and the words. Prints a line each: base64 of output, newline, exit code. One that hangs is ended after 20 s.
 */
const askAll = `
limit=$1
shift
while [ $# -gt 0 ]; do
  count=$1
  shift
  (
    total=$#
    i=0
    while [ $i -lt "$count" ]; do
      set -- "$@" "$1"
      shift
      i=$((i + 1))
    done
    shift $((total - count))
    { timeout 20 "$@" 2>/dev/null </dev/null; printf '\\n%s' "$?"; } | head -c "$limit" | base64 | tr -d '\\n'
    echo
  )
  shift "$count"
done
`;

const readFile = `[ -e "$1" ] || exit ${absentCode}; exec cat "$1"`;
const listFolder = `[ -d "$1" ] || exit ${absentCode}; exec ls -A "$1"`;

/** Asks a machine everything at once: all shell questions in one command, the engine's side by side. Never rejects for trouble. */
export async function askMachine(
  session: Session,
  queries: readonly Query[],
): Promise<ReadonlyMap<string, Answer>> {
  const distinct = new Map(queries.map((query) => [queryKey(query), query]));
  const shell = [...distinct.values()].filter((q): q is ShellQuery => q.ask !== "engine");
  const engine = [...distinct.values()].filter((q): q is EngineQuery => q.ask === "engine");
  const [texts, jsons] = await Promise.all([askShell(session, shell), askEngine(session, engine)]);
  return new Map([...texts, ...jsons]);
}

const argvOf = (query: ShellQuery): readonly string[] =>
  query.ask === "run"
    ? query.argv
    : ["sh", "-c", query.ask === "read" ? readFile : listFolder, "sh", query.path];

async function askShell(
  session: Session,
  queries: readonly ShellQuery[],
): Promise<readonly (readonly [string, Answer])[]> {
  if (queries.length === 0) return [];
  const words = queries.map(argvOf).flatMap((argv) => [String(argv.length), ...argv]);
  const argv = ["sh", "-c", askAll, "sh", String(answerLimit), ...words];
  try {
    const result = await session.exec({ argv, timeoutMs: shellMs, maxBytes: allAnswersLimit });
    const lines = result.stdout.toString("latin1").split("\n");
    return queries.map((query, i) => [queryKey(query), answerOf(query, lines[i])] as const);
  } catch (error) {
    const unknown = unknownFrom(error);
    return queries.map((query) => [queryKey(query), unknown] as const);
  }
}

function answerOf(query: ShellQuery, line: string | undefined): Answer {
  const framed = Buffer.from(line ?? "", "base64").toString("utf8");
  const end = framed.lastIndexOf("\n");
  const code = Number(framed.slice(end + 1) || "NaN");
  if (end < 0 || !Number.isInteger(code)) return { state: "unknown", why: `no whole answer` };
  const text = framed.slice(0, end);
  if (query.ask !== "run" && code === absentCode) return { state: "absent" };
  if (query.ask === "read" && Buffer.byteLength(text) > query.maxBytes)
    return { state: "unknown", why: `${query.path} is larger than ${query.maxBytes} bytes` };
  if (code !== 0) return { state: "unknown", why: `${argvOf(query)[0]} ended with ${code}` };
  return { state: "answered", value: { form: "text", text, code } };
}

async function askEngine(
  session: Session,
  queries: readonly EngineQuery[],
): Promise<readonly (readonly [string, Answer])[]> {
  return await Promise.all(
    queries.map(async (query) => [queryKey(query), await askOne(session, query)] as const),
  );
}

async function askOne(session: Session, query: EngineQuery): Promise<Answer> {
  try {
    const json = await get(session, query.path);
    if (json === undefined) return { state: "absent" };
    if (query.each === undefined) return { state: "answered", value: { form: "json", json } };
    if (!Array.isArray(json) || json.length > elementLimit)
      return { state: "unknown", why: `GET ${query.path} is no list to follow` };
    const template = query.each;
    const elements = await mapLimit(json as readonly Json[], elementsAtOnce, async (element) =>
      get(session, fill(template, element)),
    );
    const each = elements.filter((e) => e !== undefined);
    return { state: "answered", value: { form: "json", json, each } };
  } catch (error) {
    return unknownFrom(error);
  }
}

const fill = (template: string, element: Json): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = isObject(element) ? element[name] : undefined;
    return encodeURIComponent(typeof value === "string" ? value : "");
  });

/** Undefined for 404: gone between the list and the look. */
async function get(session: Session, path: string): Promise<Json | undefined> {
  const reply = await session.engine({ method: "GET", path, timeoutMs: engineMs });
  if (reply.status === 404) return undefined;
  if (reply.status !== 200) {
    throw new RemoteError(session.machine, "engine", `GET ${path} answered ${reply.status}`);
  }
  return reply.body as Json;
}

function unknownFrom(error: unknown): Answer {
  if (error instanceof RemoteError) return { state: "unknown", why: error.message };
  throw error;
}
