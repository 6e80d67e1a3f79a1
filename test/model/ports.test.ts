import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppFields } from "../../src/generated/app.ts";
import { portCalled, portsOf, protocolOf } from "../../src/model/ports.ts";

test("http where it is routed or said, else tcp", () => {
  const named: AppFields = { port: { web: 3000, admin: 3001, ssh: 22 } };
  const route = { host: "a.example.com" };
  const cases: readonly (readonly [string, AppFields, readonly string[]])[] = [
    ["nothing said", named, ["tcp", "tcp", "tcp"]],
    ["routed", { ...named, routes: [route] }, ["http", "tcp", "tcp"]],
    ["routed by name", { ...named, routes: [{ ...route, port: "admin" }] }, ["tcp", "http", "tcp"]],
    [
      "only redirected",
      { ...named, routes: [{ ...route, redirect: "http://b" }] },
      ["tcp", "tcp", "tcp"],
    ],
    ["one word is about the first", { ...named, protocol: "http" }, ["http", "tcp", "tcp"]],
    [
      "by name",
      { ...named, protocol: { admin: "http", ssh: "tcp" }, routes: [route] },
      ["http", "http", "tcp"],
    ],
  ];
  for (const [name, fields, expected] of cases) {
    const found = portsOf(fields).map((port) => protocolOf(fields, port));
    assert.deepEqual(found, expected, name);
  }
});

test("a port is called by its name; the first needs none", () => {
  assert.deepEqual(portCalled({ port: { a: 1, b: 2 } }), { name: "a", number: 1 });
  assert.deepEqual(portCalled({ port: { a: 1, b: 2 } }, "b"), { name: "b", number: 2 });
  assert.equal(portCalled({ port: { a: 1 } }, "toString"), undefined);
  assert.equal(portCalled({}), undefined);
});
