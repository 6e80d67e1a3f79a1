import type { Json } from "../lib/json.ts";
import type { Report } from "./findings.ts";
import { listOf, unknownAt, type Node, type ScalarNode } from "./node.ts";
import { noText, type TextPaths } from "./schemas.ts";

/**
 * A node as plain data. Where the schema says so, a scalar is its source text: `1.10` stays `1.10`. What is unknown is
 * left out, or null where its key matters.
 */
export function plainOf(node: Node, paths: TextPaths, unknown?: null): Json {
  switch (node.kind) {
    case "unknown":
      return null;
    case "scalar":
      return paths.text && node.value !== null ? node.source : node.value;
    case "list":
      return node.items.map((item) => plainOf(item, paths.items ?? noText, unknown));
    case "map":
      return Object.fromEntries(
        [...node.entries].flatMap(([key, entry]) =>
          entry.node.kind === "unknown" && unknown === undefined
            ? []
            : [[key, plainOf(entry.node, pathsBelow(paths, key), unknown)]],
        ),
      );
  }
}

/** A number with a leading zero is a finding, and unknown: YAML 1.2 reads `0400` as four hundred. */
export function refuseLeadingZeros(node: Node, paths: TextPaths, report: Report): Node {
  switch (node.kind) {
    case "unknown":
      return node;
    case "scalar":
      return paths.text ? node : refuseLeadingZero(node, report);
    case "list": {
      const items = node.items.map((item) =>
        refuseLeadingZeros(item, paths.items ?? noText, report),
      );
      return items.every((item, i) => item === node.items[i]) ? node : listOf(node.at, items);
    }
    case "map": {
      const entries = [...node.entries].map(([key, entry]) => {
        const value = refuseLeadingZeros(entry.node, pathsBelow(paths, key), report);
        return [key, value === entry.node ? entry : { ...entry, node: value }] as const;
      });
      const same = entries.every(([key, entry]) => entry === node.entries.get(key));
      return same ? node : { ...node, entries: new Map(entries) };
    }
  }
}

const pathsBelow = (paths: TextPaths, key: string): TextPaths =>
  paths.keys.get(key) ?? paths.others ?? noText;

function refuseLeadingZero(node: ScalarNode, report: Report): Node {
  if (typeof node.value !== "number" || !/^[-+]?0[0-9]/.test(node.source)) return node;
  report(
    "leading-zero",
    node.at,
    `YAML reads ${node.source} as the number ${node.value}; write "${node.source}", or no zero`,
  );
  return unknownAt(node.at);
}
