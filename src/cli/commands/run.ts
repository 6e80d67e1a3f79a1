import { runDaemon } from "../../daemon/daemon.ts";
import { withoutCredentials } from "../../lib/address.ts";
import { parseDuration } from "../../lib/duration.ts";
import type { World } from "../../pass/world.ts";
import { createLog, logEvent } from "../../report/log.ts";
import { lockState } from "../../store/process-lock.ts";
import { openStateDir } from "../../store/state-dir.ts";
import type { Given, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { isOn, textFlag } from "../given.ts";
import { pullsOver } from "../pulls/open.ts";
import { stopOnInterrupt } from "../stop.ts";
import { UserError } from "../trouble.ts";
import { withoutKeyTrouble } from "../without-key.ts";
import { openWorld } from "../world.ts";

const shortestMs = 500;

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const intervalMs = intervalOf(given);
  const log = createLog({
    write: (line) => io.err.write(line),
    format: options.json ? "json" : "plain",
    level: options.verbose ? "debug" : "info",
    now: Date.now,
    redact: context.net.redact,
  });
  const stop = stopOnInterrupt(io);
  try {
    const {
      world: opened,
      reporter,
      place,
      stateDir,
      close,
    } = await openWorld(context, {
      unpushed: "refuse",
      outbox: "outbox.json",
      listener: (event) => logEvent(log, event),
      log,
    });
    try {
      // A key that cannot be used is known before anything is followed.
      const { secrets } = opened;
      if (options.ageKeys.length > 0 && secrets !== "closed") await secrets.prepare("");
      const world: World = {
        ...opened,
        secrets:
          secrets === "closed" ? secrets : withoutKeyTrouble(secrets, (text) => log.error(text)),
      };
      const lock = await lockState(await openStateDir(stateDir));
      try {
        log.info(`following ${options.branch} of ${withoutCredentials(place.repo)}`, {
          intervalMs,
        });
        await runDaemon(world, {
          intervalMs,
          signal: stop.signal,
          log: (level, text) => log[level](text),
          ...(reporter === undefined || options.forgeToken === undefined
            ? {}
            : {
                aside: pullsOver(world, reporter, {
                  branch: options.branch,
                  intervalMs,
                  plansForks: isOn(given, "planForks"),
                  log,
                }),
              }),
        });
        log.info("stopped");
        return exit.done;
      } finally {
        lock.release();
      }
    } finally {
      await close();
    }
  } finally {
    stop.end();
  }
};

function intervalOf(given: Given): number {
  const text = textFlag(given, "interval") ?? "30s";
  try {
    const ms = parseDuration(text);
    if (ms >= shortestMs) return ms;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new UserError(
    "usage",
    `--interval is '${text}': it is a duration of at least ${shortestMs}ms, such as 30s`,
  );
}
