import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnv } from "../fleet/run.ts";

/** What the command line is given in tests: a home and a state folder of its own, this repo, and nothing of the developer's. */
export const cliEnv = (home: string, repo: string): NodeJS.ProcessEnv => ({
  ...cleanEnv,
  PATH: process.env["PATH"],
  HOME: home,
  SLIPWAY_REPO: repo,
  SLIPWAY_STATE: join(home, "state"),
  NODE_COMPILE_CACHE: join(tmpdir(), "slipway-compile-cache"),
});
