import type { Json } from "../lib/json.ts";
import type { Report } from "./findings.ts";
import type { Node, ScalarNode } from "./node.ts";
import { noText, type TextPaths } from "./schemas.ts";

/**
 * A node as plain data. Where the schema says so, a scalar is its source text: `1.10` stays `1.10`. Elsewhere a number
 * with a leading zero is a finding, since YAML 1.2 reads `0400` as four hundred.
 */
export function plainOf(node: Node, paths: TextPaths, report?: Report): Json {
  switch (node.kind) {
    case "scalar":
      return scalarOf(node, paths, report);
    case "list":
      return node.items.map((item) => plainOf(item, paths.items ?? noText, report));
    case "map":
      return Object.fromEntries(
        [...node.entries].map(([key, entry]) => [
          key,
          plainOf(entry.node, paths.keys.get(key) ?? paths.others ?? noText, report),
        ]),
      );
  }
}

function scalarOf(node: ScalarNode, paths: TextPaths, report: Report | undefined): Json {
  if (paths.text) return node.value === null ? null : node.source;
  if (typeof node.value === "number" && /^[-+]?0[0-9]/.test(node.source)) {
    report?.(
      "leading-zero",
      node.at,
      `YAML reads ${node.source} as the number ${node.value}; write "${node.source}", or no zero`,
    );
  }
  return node.value;
}
