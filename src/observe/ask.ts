import {
  queryKey,
  type Answer,
  type EngineQuery,
  type Query,
  type TalkQuery,
} from "../model/query.ts";
import type { RemoteError, Session } from "../remote/session.ts";
import { askEngine } from "./engine.ts";
import { askShell, type ShellLimits } from "./shell.ts";
import { askSocket, lookFor } from "./socket.ts";

export interface AskOptions extends Partial<ShellLimits> {
  /** For each call of the engine's API. */
  readonly engineMs?: number;
  /** For each answer of a socket. */
  readonly socketMs?: number;
  /** Operational trouble that left answers unknown. */
  readonly onTrouble?: (trouble: RemoteError) => void;
}

/**
 * Asks a machine everything at once, equal questions once: those for its shell by one command, the engine's side by
 * side, sockets as soon as the shell has said that they are there. Never rejects for trouble: what was not answered is
 * unknown. By queryKey.
 */
export async function askMachine(
  session: Session,
  queries: readonly Query[],
  options: AskOptions = {},
): Promise<ReadonlyMap<string, Answer>> {
  const {
    questionSeconds = 15,
    allMs = 45_000,
    engineMs = 15_000,
    socketMs = 10_000,
    onTrouble = () => undefined,
  } = options;
  const distinct = [...distinctQueries(queries).values()];
  const engine = distinct.filter((query): query is EngineQuery => query.ask === "engine");
  const talks = distinct
    .filter((query): query is TalkQuery => query.ask === "talk")
    .map((query) => ({ query, socket: lookFor(query.path) }));
  const shell = distinct.filter(isForShell);
  const limits = { questionSeconds, allMs };
  const questions = [...talks.map(({ socket }) => socket.question), ...shell];
  const [texts, jsons, said] = await Promise.all([
    askShell(session, questions, limits, onTrouble),
    Promise.all(engine.map((query) => askEngine(session, query, engineMs, onTrouble))),
    Promise.all(
      talks.map(({ query, socket }) =>
        askSocket(session, query, socket.seen, { timeoutMs: socketMs, onTrouble }),
      ),
    ),
  ]);
  const keys = [...talks.map(({ query }) => query), ...shell, ...engine].map(queryKey);
  const answers = [...said, ...texts.slice(talks.length), ...jsons];
  return new Map(answers.map((answer, index) => [keys[index] ?? "", answer]));
}

const isForShell = (query: Query): query is Exclude<Query, EngineQuery | TalkQuery> =>
  query.ask !== "engine" && query.ask !== "talk";

/** Who takes less of a text is content with more. */
function distinctQueries(queries: readonly Query[]): ReadonlyMap<string, Query> {
  const distinct = new Map<string, Query>();
  for (const query of queries) {
    const key = queryKey(query);
    const before = distinct.get(key);
    const isMore = limitOf(query) > limitOf(before);
    if (before === undefined || isMore) distinct.set(key, query);
  }
  return distinct;
}

const limitOf = (query: Query | undefined): number =>
  query?.ask === "read" || query?.ask === "talk" ? query.maxBytes : 0;
