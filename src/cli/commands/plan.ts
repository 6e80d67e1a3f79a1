import { changesOf, type Plan } from "../../model/plan.ts";
import { jsonText, planDocument } from "../../report/json.ts";
import { planMarkdown } from "../../report/markdown.ts";
import { planText } from "../../report/plan-text.ts";
import { reachOf } from "../../pass/reach.ts";
import { shortagesOf } from "../../pass/shortages.ts";
import type { World } from "../../pass/world.ts";
import type { Context, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { showRejected } from "../findings.ts";
import { isOn, textFlag } from "../given.ts";
import { lookAt, planOf } from "../look.ts";
import { whileSaying } from "../progress.ts";
import { UserError } from "../trouble.ts";
import { warnOfUncommitted } from "../uncommitted.ts";
import { snapshotOnDisk } from "../working-tree.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const revision = textFlag(given, "revision");
  const fromDisk = isOn(given, "workingTree");
  if (fromDisk && revision !== undefined)
    throw new UserError("usage", "--working-tree and --revision exclude each other");
  const { world: plain, place, close } = await openWorld(context, { unpushed: "warn" });
  try {
    if (!fromDisk && revision === undefined) await warnOfUncommitted(context, place);
    const world = fromDisk ? await withWorkingTree(plain, context) : plain;
    const wish = { looksAgain: true, ...(revision === undefined ? {} : { revision }) };
    const { revision: read, look } = await whileSaying(context, "asking the machines", (listener) =>
      lookAt({ ...world, listener }, wish),
    );
    const { documents } = read;
    if (documents === undefined || look === undefined) return showRejected(context, read.findings);
    const plan = planOf(look);
    const reach = reachOf(look.apps, look.standing.documents);
    const shortages = shortagesOf(look);
    if (options.json)
      io.out.write(jsonText(planDocument(plan, { reach, shortages, workingTree: fromDisk })));
    else if (isOn(given, "markdown"))
      io.out.write(
        planMarkdown(plan, { fleet: documents.fleet, reach, shortages, workingTree: fromDisk }),
      );
    else
      io.out.write(
        planText(plan, {
          reach,
          shortages,
          workingTree: fromDisk,
          colour: options.color.out,
          ...(io.out.isTerminal ? { columns: io.out.columns } : {}),
        }),
      );
    return exitOf(plan, isOn(given, "exitCode"));
  } finally {
    await close();
  }
};

/** What could not be seen is trouble, since the plan may not be all. */
function exitOf(plan: Plan, tellsPending: boolean): number {
  if (plan.unknown.length > 0) return exit.trouble;
  if (!tellsPending) return exit.done;
  const isPending = changesOf(plan).length + plan.held.length + plan.awaiting.length > 0;
  return isPending ? exit.pending : exit.done;
}

/** The head's commit, with the files as they stand in the folder. */
async function withWorkingTree(world: World, context: Context): Promise<World> {
  const head = await world.source.head();
  const snapshot = await snapshotOnDisk(context, head);
  const { source } = world;
  return {
    ...world,
    source: {
      ...source,
      snapshot: async (revision) =>
        revision === undefined || revision === head ? snapshot : await source.snapshot(revision),
    },
  };
}
