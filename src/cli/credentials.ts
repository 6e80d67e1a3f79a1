import { secretVariables } from "./flags.ts";
import type { Io } from "./io.ts";

/** For programs of the user's: neither an editor nor its plugins, nor what sets records of the DNS, need them. */
export const withoutCredentials = (env: Io["env"]): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !secretVariables.some(([secret]) => secret === name)),
  );
