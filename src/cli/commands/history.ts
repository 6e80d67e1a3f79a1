import { historyDocument, jsonText } from "../../report/json.ts";
import { historyText } from "../../report/history-text.ts";
import { counted } from "../../lib/text.ts";
import type { RevisionOutcome } from "../../model/outcome.ts";
import type { Context, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { countFlag, isOn } from "../given.ts";
import { readLedger, withMachines, writeBack, type LedgerEntry } from "../ledger.ts";
import { newestReadable } from "../look.ts";
import { whileSaying } from "../progress.ts";
import { openWorld } from "../world.ts";

const usualCommits = 20;
const mostCommits = 10_000;

export const run: Run = async (context, given) => {
  const { io } = context;
  const { world, close } = await openWorld(context, { unpushed: "ignore", secrets: "closed" });
  try {
    const { head, revision } = await newestReadable(world);
    const fleet = revision?.fleet ?? head.fleet;
    const noted = await readLedger(
      world,
      fleet,
      countFlag(given, "number", usualCommits, mostCommits),
    );
    const rebuilds = isOn(given, "rebuild");
    let entries: readonly LedgerEntry[] = noted;
    const isWhole = noted.every(({ outcome }) => outcome !== undefined);
    const documents = revision?.documents;
    if (documents !== undefined && (rebuilds || !isWhole)) {
      const remembered = await whileSaying(context, "asking the machines", () =>
        withMachines(world, documents, noted),
      );
      entries = remembered.entries;
      // Who may not log in there still sees the ledger.
      for (const trouble of rebuilds ? remembered.troubles : [])
        io.err.write(`slipway: warning: ${trouble}\n`);
      if (rebuilds) {
        const { pushed, why } = await writeBack(world, remembered.found);
        io.err.write(`slipway: wrote ${counted(remembered.found.length, "note")}\n`);
        if (!pushed) io.err.write(`slipway: warning: not pushed: ${why ?? ""}\n`);
      }
    }
    show(
      context,
      entries.flatMap(({ outcome }) => outcome ?? []),
      world.clock.now(),
    );
    return exit.done;
  } finally {
    await close();
  }
};

function show({ io, options }: Context, outcomes: readonly RevisionOutcome[], now: number): void {
  if (options.json) return io.out.write(jsonText(historyDocument(outcomes)));
  const columns = io.out.isTerminal ? { columns: io.out.columns } : {};
  io.out.write(historyText(outcomes, { now, colour: options.color.out, ...columns }));
}
