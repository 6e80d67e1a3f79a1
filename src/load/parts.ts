import { idleNullReporter } from "./layers.ts";
import type { Findings } from "./findings.ts";
import { mergeLayers, type OnIdleNull } from "./merge.ts";
import { lacks } from "./reading.ts";
import { isNull, nodeAt, type Entry, type Node } from "./node.ts";

/** Where a file says what differs in its parts. */
type Parts = "services" | "perMachine";

/**
 * The rest of an app with one part over it. The layers come one by one, so that each null unsets what all below it said,
 * and what an environment sets after a null starts from nothing.
 */
export function withPart(
  rest: Node,
  layers: readonly Node[],
  part: readonly [Parts, string],
  onIdleNull: OnIdleNull,
): Node {
  return layersOf(layers, part).reduce<Node>(
    (below, layer) => mergeLayers(below, layer, onIdleNull),
    rest,
  );
}

/** Whether a part surely says nothing of a key itself. */
export const inherits = (
  key: string,
  layers: readonly Node[],
  part: readonly [Parts, string],
): boolean => layersOf(layers, part).every((layer) => lacks(layer, [key]));

/** What each layer says of a part, but for what one above takes back as a whole. */
function layersOf(layers: readonly Node[], [top, name]: readonly [Parts, string]): readonly Node[] {
  let said: Node[] = [];
  for (const layer of layers) {
    const parts = layer.kind === "unknown" ? layer : nodeAt(layer, [top]);
    const own = parts?.kind === "map" ? nodeAt(parts, [name]) : parts;
    if (own === undefined) continue;
    said = isNull(own) ? [] : [...said, own];
  }
  return said;
}

/** Nulls of perMachine: each one counts as idle where it unsets nothing in any of the apps that it is about. */
export interface IdleNulls {
  on(machine: string): OnIdleNull;
  tell(apps: number): void;
}

export function collectIdleNulls(findings: Findings): IdleNulls {
  const seen = new Map<string, Map<Entry, { readonly path: readonly string[]; times: number }>>();
  return {
    on(machine) {
      const idle =
        seen.get(machine) ?? new Map<Entry, { path: readonly string[]; times: number }>();
      seen.set(machine, idle);
      return (path, entry) => {
        const { times } = idle.get(entry) ?? { times: 0 };
        idle.set(entry, { path, times: times + 1 });
      };
    },
    tell(apps) {
      const report = idleNullReporter(findings);
      for (const [entry, { path, times }] of [...seen.values()].flatMap((idle) => [...idle]))
        if (times === apps) report(path, entry);
    },
  };
}
