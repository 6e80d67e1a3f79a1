import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, type Program } from "oxc-parser";

export const top = fileURLToPath(new URL("../../", import.meta.url));

export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** What is imported relatively, as a path from src/. */
  readonly target?: string;
  readonly line: number;
  readonly isDynamic: boolean;
}

export interface Module {
  /** From src/: `plan/diff.ts`. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly imports: readonly Import[];
  lineAt(offset: number): number;
}

/** Files in a folder of the project, by paths from that folder. */
export const filesBelow = (folder: string, pattern: string): readonly string[] =>
  globSync(pattern, { cwd: posix.join(top, folder) }).toSorted();

export const textOf = (path: string): string => readFileSync(posix.join(top, path), "utf8");

/** All modules below src/. */
export const modules = (): readonly Module[] =>
  filesBelow("src", "**/*.ts").map((path) => parseModule(path, textOf(`src/${path}`)));

/** Throws for what is no TypeScript. */
export function parseModule(path: string, text: string): Module {
  const { program, module, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`src/${path}: ${errors[0].message}`);
  const lineAt = (offset: number): number => text.slice(0, offset).split("\n").length;
  const fixed = [
    ...module.staticImports.map((one) => one.moduleRequest),
    ...module.staticExports.flatMap((one) => one.entries).flatMap((one) => one.moduleRequest ?? []),
  ];
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
    start,
    value: text.slice(start + 1, end - 1),
  }));
  const importOf = (value: string, start: number, isDynamic: boolean): Import => ({
    specifier: value,
    ...(value.startsWith(".") ? { target: posix.join(posix.dirname(path), value) } : {}),
    line: lineAt(start),
    isDynamic,
  });
  const imports = [
    ...fixed.map(({ value, start }) => importOf(value, start, false)),
    ...dynamic.map(({ value, start }) => importOf(value, start, true)),
  ];
  return { path, text, program, imports, lineAt };
}
