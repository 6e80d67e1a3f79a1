import type { LogLine, LogSource } from "../../observe/logs.ts";

/** A line, and which container it came from. */
export interface SourceLine extends LogLine {
  readonly source: LogSource;
}

/** What tells containers of one app apart, in what is shown: `web-1/1`, `web-1/worker-2`, `web-1/1 (failed)`. */
export function tagOf({ machine, app, family, instance, name }: LogSource): string {
  const service =
    app === family ? "" : app.startsWith(`${family}-`) ? app.slice(family.length + 1) : app;
  const which = instance ?? "release";
  const role = /-(prev|failed|new)$/.exec(name)?.[1];
  return `${machine}/${service === "" ? which : `${service}-${which}`}${role === undefined || role === "new" ? "" : ` (${role})`}`;
}

/** Whether a container belongs to an app, or to the app file of that name, whose apps are `members`. */
export const isOf =
  (app: string, fleet: string, members: readonly string[] = []) =>
  (source: LogSource): boolean =>
    source.family === app ||
    source.app === app ||
    // Labels outlive a rename.
    [app, ...members].some((name) => new RegExp(`^${fleet}-${name}-\\d+-`).test(source.name));
