import { printableLine } from "../lib/text.ts";
import type { RestartRun } from "../model/restart.ts";
import { evidenceLines } from "./outcome-text.ts";
import { painter } from "./style.ts";
import { took } from "./units.ts";

/** What was restarted, and what ended it before its time. */
export function restartText({ restarted, failure }: RestartRun, colour: boolean): string {
  const paint = painter(colour);
  const done = restarted.map(
    ({ machine, app, instance, durationMs }) =>
      `${paint("good", "✓")} ${app}/${instance} on ${machine} is healthy again ${paint("dim", took(durationMs))}`,
  );
  const failed =
    failure === undefined
      ? []
      : [
          `${paint("bad", "✗")} ${failure.address ?? failure.machine}: ${printableLine(failure.text)}`,
          ...(failure.evidence === undefined ? [] : evidenceLines(failure.evidence, paint)),
          "  Nothing after it was touched.",
        ];
  return `${[...done, ...failed].join("\n")}\n`;
}
