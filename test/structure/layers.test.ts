import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { modules, parseModule, textOf, top } from "./code.ts";
import { breaches, readLayers } from "./layers.ts";

describe("layers", () => {
  const layers = readLayers(textOf("src/README.md"));
  const all = modules();

  it("are kept by every module", () => {
    assert.deepEqual(
      all.flatMap((module) => breaches(module, layers)),
      [],
    );
  });

  it("are there, and allow nothing that they forbid", () => {
    for (const { path, may, never } of layers) {
      assert(existsSync(join(top, "src", path)), `src/README.md has a row for ${path}`);
      assert.deepEqual(
        may.filter((word) => never.includes(word)),
        [],
        path,
      );
    }
  });

  it("import each other in one direction only", () => {
    const graph = new Map<string, Set<string>>();
    for (const { path, imports } of all) {
      const from = layerName(path);
      const targets = graph.get(from) ?? new Set();
      graph.set(from, targets);
      for (const { target } of imports)
        if (target !== undefined && layerName(target) !== from) targets.add(layerName(target));
    }
    assert.equal(cycleIn(graph), undefined);
  });
});

describe("the layer check", () => {
  const layers = readLayers(`## Layers
| folder | may import | never |
|---|---|---|
| \`plan\` | \`model\`, \`kinds/index.ts\`, \`node:path\`, \`yaml\` | \`clock\`, \`process\` |
| \`kinds/app\` | \`kinds/shared\` | another kind |
| \`main.ts\` | everything | nothing |
## Words`);
  const cases: readonly (readonly [path: string, code: string, breach: RegExp | undefined])[] = [
    ["plan/a.ts", 'import { b } from "./b.ts";', undefined],
    ["plan/a.ts", 'import type { b } from "../model/b.ts";', undefined],
    ["plan/a.ts", 'export { b } from "../apply/b.ts";', /may not import apply\/b\.ts/],
    ["plan/a.ts", 'import type { b } from "../apply/b.ts";', /may not import apply\/b\.ts/],
    ["plan/a.ts", 'export const f = () => import("../apply/b.ts");', /may not import apply/],
    ["plan/a.ts", 'import { kinds } from "../kinds/index.ts";', undefined],
    ["plan/a.ts", 'import { disk } from "../kinds/app/disk.ts";', /kinds\/app\/disk\.ts/],
    ["plan/a.ts", 'import "node:path/posix";', undefined],
    ["plan/a.ts", 'import "node:fs";', /node:fs/],
    ["plan/a.ts", 'import "yaml";', undefined],
    ["plan/a.ts", 'import "yaml-ast";', /yaml-ast/],
    ["plan/a.ts", "export const now = () => Date.now();", /Date\.now \(clock\)/],
    ["plan/a.ts", "export const now = Date.now;", /Date\.now \(clock\)/],
    ["plan/a.ts", "export const now = () => new Date();", /new Date\(\) \(clock\)/],
    ["plan/a.ts", "export const at = (ms: number) => new Date(ms);", undefined],
    ["plan/a.ts", "export const home = () => process.env.HOME;", /process\.env \(process\)/],
    ["plan/a.ts", "export const f = (process: Child) => process.end();", undefined],
    ["plan/a.ts", "export const f = ({ now: process }: P) => process.end();", undefined],
    ["plan/a.ts", "export const chance = () => Math.random();", undefined],
    ["kinds/app/a.ts", 'import { b } from "./b.ts";', /kinds\/app\/b\.ts/],
    ["kinds/app/a.ts", 'import { c } from "./a/c.ts";', undefined],
    ["kinds/app/a/c.ts", 'import { d } from "./d.ts";', undefined],
    ["kinds/app/a/c.ts", 'import { d } from "../../shared/d.ts";', undefined],
    ["kinds/app/a/c.ts", 'import { d } from "../b/d.ts";', /kinds\/app\/b\/d\.ts/],
    ["main.ts", 'import "./plan/a.ts"; import "ssh2";', undefined],
    ["other/a.ts", "", /has no row/],
  ];
  for (const [path, code, breach] of cases) {
    it(`says ${breach === undefined ? "nothing" : String(breach)} of ${path}: ${code}`, () => {
      const [first = ""] = breaches(parseModule(path, code), layers);
      assert.match(first, breach ?? /^$/);
    });
  }

  it("finds a cycle", () => {
    const graph = { a: ["b"], b: ["c"], c: ["b"], d: ["a"] };
    assert.deepEqual(cycleIn(new Map(Object.entries(graph))), ["b", "c", "b"]);
    assert.equal(cycleIn(new Map([["a", ["b"]]])), undefined);
  });
});

const layerName = (path: string): string => path.split("/")[0] ?? path;

function cycleIn(graph: ReadonlyMap<string, Iterable<string>>): readonly string[] | undefined {
  const done = new Set<string>();
  const walk = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const cycle = walk(next, [...trail, name]);
      if (cycle !== undefined) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const cycle = walk(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
