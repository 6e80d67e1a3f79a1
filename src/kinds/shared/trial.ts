import type { DeadManStep, RunStep } from "../../model/step.ts";

/** As long as it takes a new login to come through on a slow line, several times over. */
const confirmMs = 60_000;

/** What could cut us off: how it is done, and how the machine itself puts it back. */
export const trialOf = (trial: Omit<DeadManStep, "do" | "confirmMs">): DeadManStep => ({
  do: "dead-man",
  ...trial,
  confirmMs,
});

/** A fixed script with its values. */
export const scriptArgv = (script: string, ...values: readonly string[]): readonly string[] => [
  "sh",
  "-c",
  script,
  "sh",
  ...values,
];

export const runScript = (
  timeoutMs: number,
  script: string,
  ...values: readonly string[]
): RunStep => ({ do: "run", argv: scriptArgv(script, ...values), timeoutMs });
