import type { Import, Module } from "./code.ts";
import { effectsOf } from "./effects.ts";

/** One row of the layer table in src/README.md. */
export interface Layer {
  /** A folder or a file, from src/. */
  readonly path: string;
  readonly may: readonly string[];
  readonly mayAll: boolean;
  readonly never: readonly string[];
}

/** The table below `## Layers`. Throws where there is none. */
export function readLayers(readme: string): readonly Layer[] {
  const section = /^## Layers$(.*?)(?=^## )/ms.exec(readme)?.[1] ?? "";
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1));
  if (rows.length === 0) throw new Error("src/README.md has no layer table");
  return rows.map(([path = "", may = "", never = ""]) => ({
    path: ticked(path)[0] ?? "",
    may: ticked(may),
    mayAll: may.trim() === "everything",
    never: ticked(never),
  }));
}

const ticked = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);

/** The row that a module falls under: the one with the longest path. */
export const layerOf = (path: string, layers: readonly Layer[]): Layer | undefined =>
  layers
    .filter((layer) => covers(layer.path, path))
    .toSorted((a, b) => b.path.length - a.path.length)[0];

const covers = (scope: string, path: string): boolean =>
  path === scope || path.startsWith(`${scope}/`);

/** What a module does against its row, one line each. */
export function breaches(module: Module, layers: readonly Layer[]): readonly string[] {
  const layer = layerOf(module.path, layers);
  if (layer === undefined) return [`src/${module.path}: has no row in the layer table`];
  const at = (line: number): string => `src/${module.path}:${line}`;
  const imported = module.imports
    .filter((one) => !isAllowed(one, module.path, layer))
    .map((one) => `${at(one.line)}: ${layer.path} may not import ${one.target ?? one.specifier}`);
  const done = effectsOf(module)
    .filter(({ word }) => layer.never.includes(word))
    .map(({ line, code, word }) => `${at(line)}: ${layer.path} may not use ${code} (${word})`);
  return [...imported, ...done];
}

function isAllowed({ specifier, target }: Import, path: string, layer: Layer): boolean {
  if (layer.mayAll) return true;
  if (specifier.startsWith("node:"))
    return layer.may.some((word) => word === "node:" || covers(word, specifier));
  if (target === undefined) return layer.may.some((word) => covers(word, specifier));
  if (kindOf(path) !== undefined && kindOf(target) !== undefined)
    return kindOf(path) === kindOf(target);
  return covers(layer.path, target) || layer.may.some((word) => covers(word, target));
}

/** `app/container` for that kind's file and for the parts in the folder beside it. */
const kindOf = (path: string): string | undefined =>
  /^kinds\/((?:app|machine)\/[^/.]+)/.exec(path)?.[1];
