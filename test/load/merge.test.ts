import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { mergeMaps, without, withoutNulls } from "../../src/load/merge.ts";
import { whereOf, type Entry, type MapNode, type Node } from "../../src/load/node.ts";
import { plainOf } from "../../src/load/plain.ts";
import { noText } from "../../src/load/schemas.ts";
import type { Json } from "../../src/lib/json.ts";
import { isObject } from "../../src/lib/json.ts";

const nodeOf = (value: Json, file: string): Node => {
  const at = { file, line: 1, col: 1 };
  if (Array.isArray(value))
    return { kind: "list", at, items: value.map((item: Json) => nodeOf(item, file)) };
  if (isObject(value)) return mapOf(value, file);
  return { kind: "scalar", at, value: value as string, source: String(value) };
};

const mapOf = (value: Json, file = "a"): MapNode => ({
  kind: "map",
  at: { file, line: 1, col: 1 },
  entries: new Map(
    Object.entries(value as object).map(([key, inner]): [string, Entry] => [
      key,
      { keyAt: { file, line: 1, col: 1 }, node: nodeOf(inner as Json, file) },
    ]),
  ),
});

const plain = (node: Node): Json => plainOf(node, noText);
const merged = (...layers: readonly Json[]): Json =>
  plain(
    layers
      .slice(1)
      .reduce<MapNode>(
        (lower, upper) => mergeMaps(lower, mapOf(upper)),
        withoutNulls(mapOf(layers[0] ?? {})),
      ),
  );

test("maps merge by key, scalars and lists replace, null unsets", () => {
  const cases: readonly (readonly [Json, Json, Json])[] = [
    [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    [{ a: 1 }, { a: 2 }, { a: 2 }],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
    [{ a: { x: 1, y: 2 } }, { a: { y: 3, z: 4 } }, { a: { x: 1, y: 3, z: 4 } }],
    [{ a: 1, b: 2 }, { a: null }, { b: 2 }],
    [{ a: { x: 1, y: 2 } }, { a: { x: null } }, { a: { y: 2 } }],
    [{ a: { x: 1 } }, { a: 5 }, { a: 5 }],
    [{ a: 5 }, { a: { x: 1, y: null } }, { a: { x: 1 } }],
    [{ a: 1 }, { a: [null] }, { a: [null] }],
    [{ a: null, b: { c: null } }, {}, { b: {} }],
  ];
  for (const [lower, upper, expected] of cases)
    assert.deepEqual(merged(lower, upper), expected, JSON.stringify([lower, upper]));
});

const layer: fc.Arbitrary<Json> = fc.letrec<{ value: Json; map: Json }>((tie) => ({
  map: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), {
    maxKeys: 3,
    noNullPrototype: true,
  }) as fc.Arbitrary<Json>,
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Json>(null, 1, "x", true),
    fc.array(fc.constantFrom<Json>(1, "y"), { maxLength: 2 }),
    tie("map"),
  ),
})).map;

const hasNull = (value: Json): boolean =>
  isObject(value) && Object.values(value).some((inner) => inner === null || hasNull(inner));

test("laws of merging", () => {
  fc.assert(
    fc.property(layer, layer, layer, (a, b, c) => {
      assert.deepEqual(merged(a, {}), merged(a), "nothing above changes nothing");
      assert.deepEqual(merged({}, a), merged(a), "nothing below changes nothing");
      assert.deepEqual(merged(a, a), merged(a, a, a), "the same again changes nothing");
      assert.equal(hasNull(merged(a, b, c)), false, "no null is left");
      for (const [key, value] of Object.entries(c as object)) {
        if (value === null)
          assert.equal(
            Object.hasOwn(merged(a, b, c) as object, key),
            false,
            "the last null unsets",
          );
        else if (!isObject(value as Json))
          assert.deepEqual(
            (merged(a, b, c) as Record<string, Json>)[key],
            value,
            "the last value wins",
          );
      }
    }),
  );
});

test("merging changes none of the layers", () => {
  fc.assert(
    fc.property(layer, layer, (a, b) => {
      const [lower, upper] = [mapOf(a), mapOf(b)];
      mergeMaps(lower, upper);
      assert.deepEqual(plain(lower), a);
      assert.deepEqual(plain(upper), b);
    }),
  );
});

test("each value keeps the place of the layer that won", () => {
  const result = mergeMaps(
    mapOf({ env: { A: "1", B: "1" }, image: "x" }, "low"),
    mapOf({ env: { B: "2" } }, "high"),
  );
  const fileAt = (...path: string[]): string => whereOf(result, path).file;
  assert.equal(fileAt("env", "A"), "low");
  assert.equal(fileAt("env", "B"), "high");
  assert.equal(fileAt("image"), "low");
  assert.equal(fileAt("env", "C"), "high", "what is not there is found at the key above it");
  assert.equal(fileAt(), "low");
});

test("nulls that unset nothing are told with their path", () => {
  const idle: string[] = [];
  mergeMaps(
    mapOf({ a: 1, env: { A: 1 } }),
    mapOf({ a: null, b: null, env: { A: null, B: null }, new: { C: null } }),
    (path) => idle.push(path.join(".")),
  );
  assert.deepEqual(idle, ["b", "env.B", "new.C"]);
});

test("keys can be left out", () => {
  assert.deepEqual(plain(without(mapOf({ a: 1, b: 2, c: 3 }), "a", "c")), { b: 2 });
});
