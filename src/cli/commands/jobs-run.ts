import { runJob } from "../../pass/job-run.ts";
import { jobsIn, observeJobs, type FoundJob } from "../../pass/jobs.ts";
import { targetsOf } from "../../pass/targets.ts";
import { didYouMean } from "../../lib/suggest.ts";
import { listed } from "../../lib/text.ts";
import { jsonText } from "../../report/json.ts";
import type { Run } from "../command.ts";
import { checkApp, checkMachine, readableDocuments } from "../containers.ts";
import { exit } from "../exit.ts";
import { textFlag } from "../given.ts";
import { stopQuietly } from "../stop.ts";
import { UserError } from "../trouble.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const [app = "", job = ""] = given.args;
  const machine = textFlag(given, "on");
  const stop = stopQuietly(io);
  const lines: object[] = [];
  const { world, close } = await openWorld(context, { unpushed: "ignore", secrets: "closed" });
  try {
    const documents = await readableDocuments(world);
    checkApp(documents, app);
    checkMachine(documents, machine);
    const seen = await observeJobs(world, documents);
    const own = jobsIn(documents, seen).filter((j) => j.app.name === app || j.app.family === app);
    const found = choose(own, app, job, machine);
    const target = targetsOf(documents).get(found.machine);
    const container = nextOf(found);
    if (target === undefined || container === undefined)
      throw new UserError(
        "not-found",
        seen.get(found.machine)?.troubles[0]?.text ?? `${job} is not on ${found.machine} yet`,
        "'slipway plan' says what is missing there.",
      );
    if (found.state?.containers.some((c) => c.running) === true)
      throw new UserError("refused", `${job} of ${app} runs already on ${found.machine}`);
    const session = await world.remote.session(target);
    const { exitCode, why } = await runJob(world, {
      session,
      unit: found.unit,
      container,
      onLine: ({ stream, time, text }) => {
        if (options.json) lines.push({ stream, time, text });
        else (stream === "stdout" ? io.out : io.err).write(`${text}\n`);
      },
      stop: stop.signal,
    });
    if (exitCode === undefined)
      throw new UserError("refused", `${job} of ${app} was not started: ${why ?? ""}`);
    if (options.json)
      io.out.write(
        jsonText({ version: 1, app: found.app.name, job, machine: found.machine, exitCode, lines }),
      );
    return exitCode;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    io.err.write(`slipway: ${job} of ${app} goes on; 'slipway jobs list' tells how it ends\n`);
    return exit.trouble;
  } finally {
    stop.end();
    await close();
  }
};

function choose(
  own: readonly FoundJob[],
  app: string,
  job: string,
  machine: string | undefined,
): FoundJob {
  const placed = own.filter((one) => one.job === job);
  const found = placed.find((one) => machine === undefined || one.machine === machine);
  if (found !== undefined) return found;
  const names = [...new Set(own.map((one) => one.job))];
  if (placed.length > 0)
    throw new UserError(
      "not-found",
      `${job} of ${app} does not run on ${machine ?? ""}`,
      `It runs on ${listed(placed.map((one) => one.machine))}.`,
    );
  throw new UserError(
    "not-found",
    `${app} has no job '${job}'${didYouMean(job, names)}`,
    names.length === 0 ? "It has none." : `There are: ${names.join(", ")}`,
  );
}

/** What its service starts by now: what stands in the repo may not be there yet. */
const nextOf = ({ state }: FoundJob): string | undefined =>
  state?.containers.find(({ name }) => state.service?.includes(` ${name} `) === true)?.name;
