import { queryKey, type Answer, type EngineQuery, type Query } from "../model/query.ts";
import type { RemoteError, Session } from "../remote/session.ts";
import { askEngine } from "./engine.ts";
import { askShell, type ShellLimits, type ShellQuery } from "./shell.ts";

export interface AskOptions extends Partial<ShellLimits> {
  /** For each call of the engine's API. */
  readonly engineMs?: number;
  /** Operational trouble that left answers unknown. */
  readonly onTrouble?: (trouble: RemoteError) => void;
}

/**
 * Asks a machine everything at once, equal questions once: those for its shell by one command, the engine's side by
 * side. Never rejects for trouble: what was not answered is unknown. By queryKey.
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
    onTrouble = () => undefined,
  } = options;
  const distinct = [...distinctQueries(queries).values()];
  const shell = distinct.filter((query): query is ShellQuery => query.ask !== "engine");
  const engine = distinct.filter((query): query is EngineQuery => query.ask === "engine");
  const [texts, jsons] = await Promise.all([
    askShell(session, shell, { questionSeconds, allMs }, onTrouble),
    Promise.all(engine.map((query) => askEngine(session, query, engineMs, onTrouble))),
  ]);
  const keys = [...shell, ...engine].map(queryKey);
  return new Map([...texts, ...jsons].map((answer, index) => [keys[index] ?? "", answer]));
}

/** Who takes less of a file is content with more. */
function distinctQueries(queries: readonly Query[]): ReadonlyMap<string, Query> {
  const distinct = new Map<string, Query>();
  for (const query of queries) {
    const key = queryKey(query);
    const before = distinct.get(key);
    const isMore =
      query.ask === "read" && before?.ask === "read" && query.maxBytes > before.maxBytes;
    if (before === undefined || isMore) distinct.set(key, query);
  }
  return distinct;
}
