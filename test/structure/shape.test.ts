import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { modules, parseModule, type Module } from "./code.ts";

/** A module below src/ that is longer needs a reason here. */
const longest = 300;
const longer: Readonly<Record<string, string>> = {};

describe("modules", () => {
  const all = modules().filter(({ path }) => !path.startsWith("generated/"));

  it("export by name, keep no state and do nothing on import", () => {
    const found = all.filter(({ path }) => path !== "main.ts").flatMap(misshapen);
    assert.deepEqual(found, []);
  });

  it("import each other statically, but for what a command loads when it needs it", () => {
    const dynamic = all
      .filter(({ path }) => path !== "main.ts" && !path.startsWith("cli/"))
      .flatMap(({ path, imports }) =>
        imports.filter((one) => one.isDynamic && one.target !== undefined).map(() => path),
      );
    assert.deepEqual(dynamic, []);
  });

  it("fit on a few screens", () => {
    const long = all.filter(({ text }) => linesOf(text) > longest).map(({ path }) => path);
    assert.deepEqual(long, Object.keys(longer).toSorted());
  });
});

describe("the shape check", () => {
  const cases: readonly (readonly [code: string, said: RegExp | undefined])[] = [
    ["export const a = 1; export function b() {} export class C {} export type D = 1;", undefined],
    ["export const table = new Map([[1, 2]]); const words = new Set(['a']);", undefined],
    ["export const parse = compile({ strict: true });", undefined],
    ["export default 1;", /default/],
    ["const a = 1; export { a as default };", /default/],
    ["export let count = 0;", /let/],
    ["let count = 0;", /let/],
    ["const seen = new Map();", /new Map/],
    ["export const seen: Set<string> = new Set<string>();", /new Set/],
    ["console.log(1);", /on import/],
    ["for (const a of b) c(a);", /on import/],
    ["await start();", /on import/],
    ["export const a = await start();", /on import/],
  ];
  for (const [code, said] of cases) {
    it(`says ${said === undefined ? "nothing" : String(said)} of ${code}`, () => {
      const [first = ""] = misshapen(parseModule("a.ts", code));
      assert.match(first, said ?? /^$/);
    });
  }
});

const linesOf = (text: string): number => text.trimEnd().split("\n").length;

const inert = new Set([
  "ImportDeclaration",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "FunctionDeclaration",
  "ClassDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
  "VariableDeclaration",
]);

function misshapen({ path, program, lineAt }: Module): readonly string[] {
  return program.body.flatMap((statement) => {
    const at = `src/${path}:${lineAt(statement.start)}`;
    if (statement.type === "ExportDefaultDeclaration") return `${at}: exports a default`;
    if (!inert.has(statement.type)) return `${at}: does something on import`;
    const inner = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (statement.type === "ExportNamedDeclaration") {
      const names = statement.specifiers.map((one) => one.exported);
      if (names.some((one) => one.type === "Identifier" && one.name === "default"))
        return `${at}: exports a default`;
    }
    if (inner?.type !== "VariableDeclaration") return [];
    if (inner.kind !== "const") return `${at}: ${inner.kind} is state of the module`;
    return inner.declarations.flatMap(({ init }) => {
      if (init?.type === "AwaitExpression") return `${at}: does something on import`;
      if (init?.type !== "NewExpression" || init.callee.type !== "Identifier") return [];
      const { name } = init.callee;
      const isStore = /^(Weak)?(Map|Set)$/.test(name) && init.arguments.length === 0;
      return isStore ? `${at}: an empty new ${name} is state of the module` : [];
    });
  });
}
