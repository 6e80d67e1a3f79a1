import type { About, AnyKind } from "../kinds/kind.ts";
import { mapLimit } from "../lib/parallel.ts";
import { Unreadable, type Live } from "../model/live.ts";
import { parseInventory, type Inventory } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Trouble } from "../model/outcome.ts";
import { machinePaths } from "../model/paths.ts";
import type { Answers, ReadQuery } from "../model/query.ts";
import { RemoteError, type Fleet, type Session, type Target } from "../remote/session.ts";
import { answersOf } from "./answers.ts";
import { askMachine } from "./ask.ts";
import { factsQuery, keyQuery, readFacts, versionQuery } from "./facts.ts";

const machinesAtOnce = 50;
const inventoryLimit = 4 * 1024 * 1024;

/** Looks at all machines at once. One that does not answer is an observation too: everything there is unknown. */
export async function observeFleet(
  remote: Fleet,
  targets: ReadonlyMap<string, Target>,
  kinds: readonly AnyKind[],
  fleet: string,
): Promise<ReadonlyMap<string, Observation>> {
  const about = { fleet, root: machinePaths(fleet).root };
  const observations = await mapLimit([...targets.values()], machinesAtOnce, async (target) => {
    try {
      return await observeMachine(await remote.session(target), kinds, about);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return nothingKnown(target.machine, error);
    }
  });
  return new Map(observations.map((o) => [o.machine, o]));
}

/** One exec and one round of engine calls: what is there of every kind, the inventory, the facts. */
export async function observeMachine(
  session: Session,
  kinds: readonly AnyKind[],
  about: About,
): Promise<Observation> {
  const { machine } = session;
  const inventoryQuery: ReadQuery = {
    ask: "read",
    path: machinePaths(about.fleet).inventory,
    maxBytes: inventoryLimit,
  };
  const own = [factsQuery, versionQuery, keyQuery(about.fleet), inventoryQuery];
  const questions = [...own, ...kinds.flatMap((kind) => kind.observe(about))];
  const raw = await askMachine(session, questions);
  const answers = answersOf(raw);
  const facts = tryRead(() => readFacts(machine, about.fleet, answers));
  if (facts.state === "unknown")
    return nothingKnown(machine, new RemoteError(machine, "unreachable", facts.why));
  const inventory = readInventory(answers, inventoryQuery);
  const read = kinds.map((kind) => [kind.id, tryRead(() => kind.read(answers, about))] as const);
  return {
    machine,
    ...(facts.state === "present" ? { facts: facts.value } : {}),
    inventory,
    kinds: new Map(read),
    troubles: troublesOf(machine, read, inventory),
  };
}

function readInventory(answers: Answers, query: ReadQuery): Live<Inventory> {
  return tryRead(() => {
    const text = answers.text(query);
    if (text === undefined) return undefined;
    const inventory = parseInventory(text);
    if (inventory === undefined)
      throw new Unreadable(`${query.path} is damaged; move it away to have it made anew`);
    return inventory;
  });
}

function tryRead<T>(read: () => T | undefined): Live<T> {
  try {
    const value = read();
    return value === undefined ? { state: "absent" } : { state: "present", value };
  } catch (error) {
    if (error instanceof Unreadable) return { state: "unknown", why: error.message };
    throw error;
  }
}

/** A machine that answers while its engine does not is told as such, once. */
function troublesOf(
  machine: string,
  read: readonly (readonly [string, Live<unknown>])[],
  inventory: Live<Inventory>,
): readonly Trouble[] {
  const unknown = [...read.map(([, live]) => live), inventory].find(
    (live) => live.state === "unknown",
  );
  return unknown?.state === "unknown" ? [{ machine, class: "engine", text: unknown.why }] : [];
}

function nothingKnown(machine: string, error: RemoteError): Observation {
  const cls = error.class === "timeout" || error.class === "limit" ? "unreachable" : error.class;
  return {
    machine,
    inventory: { state: "unknown", why: error.message },
    kinds: new Map(),
    troubles: [{ machine, class: cls, text: error.message }],
  };
}
