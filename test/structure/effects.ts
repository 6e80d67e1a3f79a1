import { Visitor } from "oxc-parser";
import type { Module } from "./code.ts";

/** A use of time, chance or the outside that needs no import. */
export interface Effect {
  /** As src/README.md calls it: `clock`, `randomness`, `network`, `process`. */
  readonly word: string;
  readonly code: string;
  readonly line: number;
}

const called: Readonly<Record<string, string>> = {
  setTimeout: "clock",
  setInterval: "clock",
  setImmediate: "clock",
  fetch: "network",
};
const asked: Readonly<Record<string, string>> = {
  performance: "clock",
  crypto: "randomness",
  process: "process",
  console: "process",
};

/** What the module itself calls by such a name is no effect. */
export function effectsOf(module: Module): readonly Effect[] {
  const own = new Set<string>();
  const found: (Effect & { readonly name: string })[] = [];
  const add = (name: string, word: string | undefined, start: number, code: string): void => {
    if (word !== undefined) found.push({ name, word, code, line: module.lineAt(start) });
  };
  const bind = (pattern: unknown): void => namesIn(pattern).forEach((name) => own.add(name));
  new Visitor({
    ImportDeclaration: ({ specifiers }) => specifiers.forEach(({ local }) => bind(local)),
    VariableDeclarator: ({ id }) => bind(id),
    FunctionDeclaration: ({ params }) => params.forEach(bind),
    FunctionExpression: ({ params }) => params.forEach(bind),
    ArrowFunctionExpression: ({ params }) => params.forEach(bind),
    CallExpression: ({ callee, start }) => {
      if (callee.type === "Identifier") add(callee.name, called[callee.name], start, callee.name);
    },
    NewExpression: ({ callee, arguments: given, start }) => {
      if (callee.type !== "Identifier") return;
      if (callee.name === "WebSocket") add("WebSocket", "network", start, "new WebSocket");
      if (callee.name === "Date" && given.length === 0) add("Date", "clock", start, "new Date()");
    },
    MemberExpression: ({ object, property, start }) => {
      if (object.type !== "Identifier" || property.type !== "Identifier") return;
      const code = `${object.name}.${property.name}`;
      if (code === "Date.now") add("Date", "clock", start, code);
      else if (code === "Math.random") add("Math", "randomness", start, code);
      else if (Object.hasOwn(asked, object.name)) add(object.name, asked[object.name], start, code);
    },
  }).visit(module.program);
  return found.filter(({ name }) => !own.has(name));
}

/** The names that a pattern binds. */
function namesIn(pattern: unknown): readonly string[] {
  if (Array.isArray(pattern)) return pattern.flatMap(namesIn);
  if (typeof pattern !== "object" || pattern === null || !("type" in pattern)) return [];
  if (pattern.type === "Identifier") return "name" in pattern ? [String(pattern.name)] : [];
  const parts = ["left", "argument", "elements", "properties", "value"] as const;
  return parts.flatMap((part) => (part in pattern ? namesIn(pattern[part as never]) : []));
}
