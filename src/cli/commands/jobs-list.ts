import { machineStatuses } from "../../pass/status.ts";
import { jobsIn, jobStatuses, observeJobs, withLastLines } from "../../pass/jobs.ts";
import { jsonText } from "../../report/json.ts";
import { jobsText } from "../../report/jobs-text.ts";
import type { Run } from "../command.ts";
import { checkApp, readableDocuments } from "../containers.ts";
import { exit } from "../exit.ts";
import { whileSaying } from "../progress.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const [name] = given.args;
  const { world, close } = await openWorld(context, { unpushed: "ignore", secrets: "closed" });
  try {
    const documents = await readableDocuments(world);
    if (name !== undefined) checkApp(documents, name);
    const seen = await whileSaying(context, "asking the machines", () =>
      observeJobs(world, documents),
    );
    const wanted = jobsIn(documents, seen).filter(
      ({ app }) => name === undefined || app.name === name || app.family === name,
    );
    const statuses = jobStatuses(wanted, world.clock.now());
    const jobs = await withLastLines(world, documents, statuses);
    const silent = machineStatuses(seen, world.clock.now()).filter(
      (m) => m.why !== undefined && wanted.some(({ machine }) => machine === m.name),
    );
    for (const { name: machine, why } of silent)
      io.err.write(`slipway: warning: ${machine}: ${why ?? ""}\n`);
    const columns = io.out.isTerminal ? { columns: io.out.columns } : {};
    const view = { now: world.clock.now(), colour: options.color.out, ...columns };
    io.out.write(
      options.json ? jsonText({ version: 1, fleet: documents.fleet, jobs }) : jobsText(jobs, view),
    );
    return silent.length > 0 ? exit.trouble : exit.done;
  } finally {
    await close();
  }
};
