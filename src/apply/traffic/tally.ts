import { isObject } from "../../lib/json.ts";
import { parsedJson } from "../../lib/lines.ts";
import type { Traffic } from "../../model/step.ts";
import type { StepContext } from "../steps.ts";
import { countersOf, placesOf } from "./runtime.ts";

export interface Tally {
  readonly served: number;
  readonly failed: number;
}

/** All that the backends of an instance's pools have answered until now, with what failed of it. */
export async function countAll(context: StepContext, traffic: Traffic): Promise<Tally> {
  const backends = new Set((await placesOf(context.session, traffic)).map((p) => p.backend));
  const all = (await countersOf(context.session, traffic)).filter(
    ({ backend, slot }) => slot === "BACKEND" && backends.has(backend),
  );
  return {
    served: all.reduce((sum, c) => sum + c.requests, 0),
    failed: all.reduce((sum, c) => sum + c.errors, 0),
  };
}

/** Counted since `before`, as `countAll` gave it; a proxy that started anew meanwhile counts from nothing. */
export async function sinceThen(
  context: StepContext,
  traffic: Traffic,
  before: string | undefined,
): Promise<Tally> {
  const now = await countAll(context, traffic);
  const value = before === undefined ? undefined : parsedJson(before);
  const then = isObject(value) ? value : {};
  const since = (key: keyof Tally): number => {
    const was = Number(then[key] ?? now[key]);
    return now[key] >= was ? now[key] - was : now[key];
  };
  return { served: since("served"), failed: since("failed") };
}
