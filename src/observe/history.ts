import { mapLimit } from "../lib/parallel.ts";
import { parseOutcome, type RevisionOutcome, type Trouble } from "../model/outcome.ts";
import { machinePaths } from "../model/paths.ts";
import { RemoteError, type Fleet, type Session, type Target } from "../remote/session.ts";

const machinesAtOnce = 20;
const askMs = 20_000;
const maxBytes = 20 * 1024 * 1024;

export interface Histories {
  /** What the machines remember, newest first, each pass once. */
  readonly outcomes: readonly RevisionOutcome[];
  readonly troubles: readonly Trouble[];
}

/** Reads what each machine remembers of the last passes, or only of those over one revision. */
export async function readHistories(
  remote: Fleet,
  targets: ReadonlyMap<string, Target>,
  fleet: string,
  revision = "",
): Promise<Histories> {
  const troubles: Trouble[] = [];
  const read = await mapLimit([...targets.values()], machinesAtOnce, async (target) => {
    try {
      return await readHistory(await remote.session(target), fleet, revision);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      troubles.push({ machine: target.machine, class: "unreachable", text: error.message });
      return [];
    }
  });
  const passes = new Map(read.flat().map((o) => [`${o.revision} ${o.startedAt}`, o]));
  const outcomes = [...passes.values()].toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  return { outcomes, troubles };
}

async function readHistory(
  session: Session,
  fleet: string,
  revision: string,
): Promise<readonly RevisionOutcome[]> {
  const { history } = machinePaths(fleet);
  const script = '[ -e "$1" ] || exit 0; exec grep -F -e "$2" "$1"';
  const argv = ["sh", "-c", script, "sh", history, revision];
  const { stdout } = await session.exec({ argv, timeoutMs: askMs, maxBytes });
  const outcomes = stdout
    .toString("utf8")
    .split("\n")
    .flatMap((line) => parseOutcome(line) ?? []);
  return outcomes.filter((o) => o.fleet === fleet && (revision === "" || o.revision === revision));
}
