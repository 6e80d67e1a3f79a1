import { noDisruption, type Action, type Difference, type Field } from "../../model/change.ts";

/** A difference that nobody notices. */
export const difference = (
  action: Action,
  code: string,
  text: string,
  fields: readonly Field[] = [],
): Difference => ({ action, reason: { code, text }, fields, disruption: noDisruption });
