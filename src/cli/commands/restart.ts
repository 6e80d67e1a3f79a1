import type { RestartFailure, RestartRun } from "../../model/restart.ts";
import { restart } from "../../pass/restart.ts";
import { jsonText } from "../../report/json.ts";
import { restartText } from "../../report/restart-text.ts";
import type { Run } from "../command.ts";
import { checkApp, checkMachine } from "../containers.ts";
import { exit } from "../exit.ts";
import { showRejected } from "../findings.ts";
import { textFlag } from "../given.ts";
import { lookFor, newestReadable } from "../look.ts";
import { progressOn } from "../progress.ts";
import { stopOnInterrupt } from "../stop.ts";
import { UserError } from "../trouble.ts";
import { openWorld } from "../world.ts";

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const [app = ""] = given.args;
  const machine = textFlag(given, "on");
  const progress = progressOn(context);
  const stop = stopOnInterrupt(io);
  try {
    const { world, close } = await openWorld(context, {
      unpushed: "ignore",
      listener: progress.listen,
    });
    try {
      const { head, revision, world: bare } = await newestReadable(world);
      if (revision?.documents === undefined) return showRejected(context, head.findings);
      const { documents } = revision;
      checkApp(documents, app);
      checkMachine(documents, machine);
      const look = await lookFor(bare, revision);
      const wish = { look, fleet: documents.fleet, app, stop: stop.signal };
      const ran = await restart(world, { ...wish, ...(machine === undefined ? {} : { machine }) });
      progress.end();
      const where = machine === undefined ? "" : ` on ${machine}`;
      if (ran.restarted.length === 0 && ran.failure === undefined)
        throw new UserError(
          "not-found",
          `there is no instance of ${app}${where} to restart`,
          "'slipway ps' shows what there is.",
        );
      io.out.write(options.json ? jsonText(documentOf(ran)) : restartText(ran, options.color.out));
      return ran.failure === undefined ? exit.done : exit.trouble;
    } finally {
      progress.end();
      await close();
    }
  } finally {
    stop.end();
  }
};

const documentOf = ({ restarted, failure }: RestartRun): object => ({
  version: 1,
  restarted,
  failure: failure === undefined ? null : failureOf(failure),
});

const failureOf = ({ machine, address, text, evidence }: RestartFailure): object => ({
  machine,
  address: address ?? null,
  text,
  ...(evidence === undefined ? {} : { evidence }),
});
