import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { AppFields } from "../../src/generated/app.ts";
import { listensOf, portCalled, portsOf, protocolOf, wantsProxy } from "../../src/model/ports.ts";

/** What the fleet reaches, as `number protocol`, `!` where it was asked for. */
const listens = (fields: AppFields, routed = false): readonly string[] =>
  listensOf(fields, { routed }).map(
    ({ number, protocol, declared }) => `${number} ${protocol}${declared ? "!" : ""}`,
  );

test("the numbers under which the fleet reaches an app", () => {
  const named = { port: { http: 3000, ssh: 22 } };
  const cases: readonly (readonly [string, AppFields, readonly string[]])[] = [
    ["no port", {}, []],
    ["no port, and yet a number", { listen: 80 }, []],
    ["its port's own number", { port: 8080 }, ["8080 tcp"]],
    ["another one", { port: 8080, listen: 80 }, ["80 tcp!"]],
    ["none", { port: 8080, listen: "off" }, []],
    ["each of several", named, ["3000 tcp", "22 tcp"]],
    ["one number is the first port's", { ...named, listen: 80 }, ["80 tcp!", "22 tcp"]],
    ["off is about all", { ...named, listen: "off" }, []],
    ["by name", { ...named, listen: { ssh: 2222 } }, ["3000 tcp", "2222 tcp!"]],
    ["off by name", { ...named, listen: { ssh: "off", http: 80 } }, ["80 tcp!"]],
    ["a name that is not there", { port: 80, listen: { http: 81 } }, ["80 tcp"]],
    ["published", { port: 5432, publish: ["5432:5432"] }, []],
    ["published under another number", { port: 5432, publish: ["public:1:5432"] }, []],
    ["published in a range", { port: 5432, publish: ["1000-1009:5430-5439"] }, []],
    ["published and asked for", { port: 80, listen: 81, publish: ["82:80"] }, ["81 tcp!"]],
    ["another one is published", { ...named, publish: ["2222:22"] }, ["3000 tcp"]],
    ["over udp it is another", { port: 53, publish: ["53:53/udp"] }, ["53 tcp"]],
    ["what is published cannot be read", { port: 80, publish: ["80-81:80"] }, ["80 tcp"]],
    ["the host's network", { port: 80, listen: 81, network: "host" }, []],
    ["no instances", { port: 80, listen: 81, instances: 0 }, []],
  ];
  for (const [name, fields, expected] of cases) assert.deepEqual(listens(fields), expected, name);
});

test("where routes stand, their ports are only who asks for them's", () => {
  assert.deepEqual(listens({ port: { a: 80, b: 443, c: 8080 } }, true), ["8080 tcp"]);
  assert.deepEqual(listens({ port: 80, listen: 80 }, true), ["80 tcp!"]);
});

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

test("the proxy is wanted by routes, numbers and protocols", () => {
  const wanting: readonly AppFields[] = [
    { routes: [{ host: "a" }] },
    { listen: 80 },
    { listen: { a: "off", b: 80 } },
    { protocol: "tcp" },
  ];
  for (const fields of wanting) assert.equal(wantsProxy(fields), true, JSON.stringify(fields));
  const content: readonly AppFields[] = [
    {},
    { port: 80 },
    { routes: [] },
    { listen: "off" },
    { listen: { a: "off" } },
  ];
  for (const fields of content) assert.equal(wantsProxy(fields), false, JSON.stringify(fields));
});

test("each port has at most one number, and one that is declared has no less than what is not", () => {
  const number = fc.integer({ min: 1, max: 65_535 });
  const port = fc.oneof(
    number,
    fc.dictionary(fc.constantFrom("a", "b", "c"), number, { minKeys: 1 }),
  );
  const listen = fc.option(fc.oneof(number, fc.constant("off")), { nil: undefined });
  fc.assert(
    fc.property(port, listen, fc.boolean(), (ports, wish, routed) => {
      const fields: AppFields = { port: ports, ...(wish === undefined ? {} : { listen: wish }) };
      const found = listensOf(fields, { routed });
      assert.ok(found.length <= portsOf(fields).length);
      assert.equal(new Set(found.map((one) => one.port.name)).size, found.length);
      if (wish === "off") assert.deepEqual(found, []);
      if (typeof wish === "number") assert.equal(found[0]?.number, wish);
    }),
  );
});
