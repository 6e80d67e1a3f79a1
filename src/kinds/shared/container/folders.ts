import type { Step } from "../../../model/step.ts";
import type { ContainerSpec } from "./spec.ts";

/** A host path that is declared as a volume is made where it is missing, as the engine's `-v` does. */
export function missingFolders(want: ContainerSpec, root: string): readonly Step[] {
  const sources = want.mounts.filter((m) => m.type === "bind" && !m.source.startsWith(`${root}/`));
  const script = 'for path; do [ -e "$path" ] || mkdir -p -- "$path" || exit 1; done';
  if (sources.length === 0) return [];
  return [
    {
      do: "run",
      argv: ["sh", "-c", script, "sh", ...sources.map((m) => m.source)],
      timeoutMs: 30_000,
    },
  ];
}
