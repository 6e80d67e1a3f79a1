import { orAbort } from "../../lib/deadline.ts";
import { outcomeText } from "../../report/outcome-text.ts";
import { jsonText } from "../../report/json.ts";
import { reconcile } from "../../reconcile.ts";
import type { Run } from "../command.ts";
import { loadRevision } from "../../pass/revision.ts";
import type { World } from "../../pass/world.ts";
import { exit } from "../exit.ts";
import { checkApp } from "../containers.ts";
import { textFlag, textsFlag } from "../given.ts";
import { progressOn } from "../progress.ts";
import { stopOnInterrupt } from "../stop.ts";
import { warnOfUncommitted } from "../uncommitted.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const progress = progressOn(context);
  const stop = stopOnInterrupt(io);
  try {
    const { world, place, close } = await openWorld(context, {
      unpushed: "refuse",
      outbox: "outbox-once.json",
      // The outcome is the result, and shown as that.
      listener: (event) => (event.type === "outcome" ? undefined : progress.listen(event)),
    });
    try {
      const text = textFlag(given, "revision");
      if (text === undefined) await warnOfUncommitted(context, place);
      const { source } = world;
      const asked = text === undefined ? source.head() : source.resolve(text);
      const revision = await orAbort(asked, stop.signal);
      const retry = await retried(world, revision, textsFlag(given, "retry"));
      const cause = retry.length > 0 ? "retry" : "commit";
      const outcome = await reconcile(world, { revision, retry, cause, preempt: stop.signal });
      // As the daemon at its start: a killed pass before this one may have left something pending.
      if (!stop.signal.aborted) await world.reporter.resume(outcome.fleet, await asked);
      progress.end();
      const isStopped = stop.signal.aborted && outcome.outcome !== "applied";
      if (isStopped)
        io.err.write("slipway: stopped at a safe point; the next pass goes on from there\n");
      if (options.json) io.out.write(jsonText(outcome));
      else if (!isStopped) io.out.write(outcomeText(outcome, { colour: options.color.out }));
      return outcome.outcome === "applied" ? exit.done : exit.trouble;
    } finally {
      progress.end();
      await close();
    }
  } finally {
    stop.end();
  }
};

/** Marks are of app files: a service is tried again with all of its file. Throws UserError for what is no app. */
async function retried(
  world: World,
  revision: string,
  names: readonly string[],
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const { documents } = await loadRevision(world, revision);
  // One that is rejected names no apps; the pass says why.
  if (documents === undefined) return names;
  return names.map((name) => {
    const app = name.replace(/^app\//, "");
    checkApp(documents, app);
    return documents.families.has(app) ? app : (documents.apps.get(app)?.family ?? app);
  });
}
