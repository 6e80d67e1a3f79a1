import { asksEngine, lackQueries, lacksEngine } from "../kinds/index.ts";
import type { About, AnyKind } from "../kinds/kind.ts";
import { Unreadable, type Live } from "../model/live.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Observation } from "../model/observation.ts";
import type { Trouble } from "../model/outcome.ts";
import { queryKey, type Answers } from "../model/query.ts";
import type { Facts } from "../model/resource.ts";
import type { RemoteError, Session } from "../remote/session.ts";
import { answersOf } from "./answers.ts";
import { askMachine, type AskOptions } from "./ask.ts";
import { factsQuery, infoQuery, keyQuery, readFacts } from "./facts.ts";
import { inventoryQuery, readInventory } from "./inventory.ts";

/**
 * One command and one round of engine calls: what is there of every kind, the inventory, the facts. A part that cannot
 * be read leaves the others known; an engine that is silent leaves unknown only what it would have told, and what needs one
 * that is surely not there waits for it.
 */
export async function observeMachine(
  session: Session,
  kinds: readonly AnyKind[],
  about: About,
  { now, ...options }: Omit<AskOptions, "onTrouble"> & { readonly now?: () => number } = {},
): Promise<Observation> {
  const { machine } = session;
  const { fleet } = about;
  const troubles = createTroubles(machine);
  const own = [
    factsQuery,
    keyQuery(fleet),
    inventoryQuery(fleet),
    infoQuery,
    ...lackQueries(about),
  ];
  const questions = [...own, ...kinds.flatMap((kind) => kind.observe(about))];
  const fromMs = now?.();
  const asking = { ...options, onTrouble: troubles.tell };
  const first = await askMachine(session, questions, asking);
  const toMs = now?.();
  const found = answersOf(first);
  const lacks = lacksEngine(found, about);
  const facts = troubles.read("the facts", () => readFacts(machine, fleet, found));
  const inventory = troubles.read("the inventory", () => readInventory(fleet, found));
  const known = { ...about, ...remembered(facts, inventory) };
  const followUp = kinds
    .flatMap((kind) => kind.observe(known))
    .filter((query) => !first.has(queryKey(query)));
  const answers =
    followUp.length === 0 || lacks
      ? found
      : answersOf(new Map([...first, ...(await askMachine(session, followUp, asking))]));
  return {
    machine,
    ...(facts.state === "present" ? { facts: facts.value } : {}),
    ...(fromMs === undefined || toMs === undefined ? {} : { asked: { fromMs, toMs } }),
    inventory,
    ...(lacks ? { lacks: missing.on } : {}),
    kinds: new Map(
      kinds.map((kind) => [
        kind.id,
        lacks && asksEngine(kind, about)
          ? missing
          : troubles.read(kind.id, () => readKind(kind, answers, known)),
      ]),
    ),
    troubles: troubles.all().filter((trouble) => !lacks || trouble.class !== "engine"),
  };
}

/** What the machine says of itself that leads to more questions. */
const remembered = (
  facts: Live<Facts>,
  inventory: Live<Inventory>,
): Pick<About, "adopted" | "key"> => ({
  ...(inventory.state === "present" ? { adopted: inventory.value.adopted ?? {} } : {}),
  ...(inventory.state === "absent" ? { adopted: {} } : {}),
  ...(facts.state === "present" && facts.value.key !== undefined ? { key: facts.value.key } : {}),
});

const missing = { state: "awaiting", on: "the container engine" } as const;

/** The observation of a machine that could not be asked. */
export const unobserved = (machine: string, error: RemoteError): Observation => ({
  machine,
  inventory: { state: "unknown", why: error.message },
  kinds: new Map(),
  troubles: [troubleOf(machine, error)],
});

const readKind = (kind: AnyKind, answers: Answers, about: About): ReadonlyMap<string, unknown> =>
  kind.read(answers, about);

interface Troubles {
  tell(error: RemoteError): void;
  /** Reads something; what cannot be read is unknown, and trouble where nothing told before explains it. */
  read<T>(what: string, read: () => T | undefined): Live<T>;
  all(): readonly Trouble[];
}

/** One of each class: an engine that hangs is silent to every question. */
function createTroubles(machine: string): Troubles {
  const told = new Map<Trouble["class"], Trouble>();
  const explained = new Set<string>();
  const unread: Trouble[] = [];
  return {
    tell: (error) => {
      explained.add(error.message);
      const trouble = troubleOf(machine, error);
      if (!told.has(trouble.class)) told.set(trouble.class, trouble);
    },
    read: (what, read) => {
      try {
        const value = read();
        return value === undefined ? { state: "absent" } : { state: "present", value };
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        const why = error.message;
        const isExplained = [...explained].some((text) => why.includes(text));
        if (!isExplained)
          unread.push({ machine, class: "access", text: `${what} cannot be read: ${why}` });
        return { state: "unknown", why };
      }
    },
    all: () => [...told.values(), ...unread],
  };
}

/** A machine that is too slow or says too much is as good as not reached. */
function troubleOf(machine: string, error: RemoteError): Trouble {
  const isVague = error.class === "timeout" || error.class === "limit";
  return { machine, class: isVague ? "unreachable" : error.class, text: error.message };
}
