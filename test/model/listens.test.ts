import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { AppFields } from "../../src/generated/app.ts";
import {
  collides,
  listensAt,
  listensOf,
  wantsProxy,
  type AppThere,
  type Listen,
  type Surroundings,
} from "../../src/model/listens.ts";

/** What the fleet reaches, as `number protocol`, `!` where it was asked for. */
const listens = (fields: AppFields): readonly string[] => listensOf(fields).map(shown);

const shown = ({ number, protocol, declared }: Listen): string =>
  `${number} ${protocol}${declared ? "!" : ""}`;

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

test("a number that cannot be shared", () => {
  const http: AppFields = { port: 8080, listen: 8080, protocol: "http" };
  const tcp: AppFields = { port: 8080, listen: 8080 };
  const cases: readonly (readonly [string, AppFields, readonly AppFields[], boolean])[] = [
    ["nobody else is there", tcp, [], false],
    ["another number", tcp, [{ port: 9090 }], false],
    ["http shares one with http", http, [http], false],
    ["tcp shares none", tcp, [http], true],
    ["nor with tcp", http, [tcp], true],
    ["published by another", http, [{ publish: ["8080:80"] }], true],
    ["another on the host's network", http, [{ port: 8080, network: "host" }], true],
    ["who did not ask gives way", { port: 8080 }, [tcp, { publish: ["8080:80"] }], false],
    ["to who asks", tcp, [{ port: 8080 }], false],
  ];
  for (const [name, fields, others, expected] of cases)
    assert.equal(collides(fields, others), expected, name);
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

/** Who has which numbers on a machine: `a 80 http!`. */
const at = (
  apps: Readonly<Record<string, AppFields>>,
  around: Surroundings = { routed: false },
): readonly string[] => {
  const there = Object.entries(apps).map(([name, fields]): AppThere => ({ name, fields }));
  return [...listensAt(there, around)].flatMap(([name, all]) =>
    all.map((listen) => `${name} ${shown(listen)}`),
  );
};

test("on a machine, what was not asked for gives way", () => {
  const tcp: AppFields = { port: 80 };
  const http: AppFields = { port: 80, protocol: "http" };
  const asked: AppFields = { port: 1, listen: 80 };
  const askedHttp: AppFields = { ...asked, protocol: "http" };
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["alone", at({ a: tcp }), ["a 80 tcp"]],
    ["two of tcp: neither", at({ a: tcp, b: tcp }), []],
    ["http goes before tcp", at({ a: tcp, b: http, c: tcp }), ["b 80 http"]],
    ["http shares", at({ a: http, b: http }), ["a 80 http", "b 80 http"]],
    ["who asks has it", at({ a: tcp, b: asked, c: http }), ["b 80 tcp!"]],
    ["http shares with who asks", at({ a: http, b: askedHttp }), ["a 80 http", "b 80 http!"]],
    ["tcp does not", at({ a: tcp, b: askedHttp }), ["b 80 http!"]],
    ["published by another", at({ a: http, b: { publish: ["80:1"] } }), []],
    ["published over udp", at({ a: http, b: { publish: ["80:1/udp"] } }), ["a 80 http"]],
    ["in a range", at({ a: http, b: { publish: ["1-100:1-100"] } }), []],
    ["beside a range", at({ a: http, b: { publish: ["1-79:1-79", "81:81"] } }), ["a 80 http"]],
    ["the host's network", at({ a: http, b: { port: 80, network: "host" } }), []],
    ["of who is not there", at({ a: http, b: { publish: ["80:1"], instances: 0 } }), ["a 80 http"]],
    ["published, but asked for", at({ a: { publish: ["80:1"] }, b: asked }), ["b 80 tcp!"]],
    [
      "where routes are",
      at({ a: http, b: { port: 443 }, c: { port: 81 } }, { routed: true }),
      ["c 81 tcp"],
    ],
    [
      "where sshd is",
      at({ a: { port: { x: 22, y: 23 } } }, { routed: false, sshd: 22 }),
      ["a 23 tcp"],
    ],
    ["asked for all the same", at({ a: asked }, { routed: true, sshd: 80 }), ["a 80 tcp!"]],
    [
      "two ports of one app",
      at({ a: { port: { x: 80, y: 81 }, listen: { y: 80 }, protocol: { x: "http", y: "http" } } }),
      ["a 80 http!"],
    ],
  ];
  for (const [name, found, expected] of cases) assert.deepEqual(found, expected, name);
});

const number = fc.integer({ min: 1, max: 6 });
const protocol = fc.constantFrom("http", "tcp");
const fields: fc.Arbitrary<AppFields> = fc.record(
  {
    port: fc.oneof(number, fc.dictionary(fc.constantFrom("x", "y", "z"), number, { minKeys: 1 })),
    listen: fc.oneof(number, fc.constant("off")),
    protocol,
    publish: fc.array(number.map((one) => `${one}:${one}`)),
    instances: fc.integer({ min: 0, max: 2 }),
  },
  { requiredKeys: ["port"] },
);

test("numbers are shared by http of different apps only, whatever the order, unless they are asked for", () => {
  fc.assert(
    fc.property(fc.array(fields, { maxLength: 6 }), fc.boolean(), (all, routed) => {
      const apps = all.map((one, i) => ({ name: `a${i}`, fields: one }));
      const found = listensAt(apps, { routed });
      assert.deepEqual(
        [...found.keys()],
        apps.map(({ name }) => name),
      );
      const backwards = listensAt(apps.toReversed(), { routed });
      for (const { name, fields: own } of apps) {
        assert.deepEqual(found.get(name), backwards.get(name));
        const declared = listensOf(own).filter((one) => one.declared);
        assert.deepEqual(
          found.get(name)?.filter((one) => one.declared),
          declared,
        );
      }
      const given = [...found].flatMap(([app, own]) => own.map((one) => ({ app, ...one })));
      for (const one of given.filter(({ declared }) => !declared)) {
        const others = given.filter(
          (other) => other.number === one.number && other.app !== one.app,
        );
        assert.ok(others.every((other) => other.protocol === "http" && one.protocol === "http"));
      }
    }),
  );
});
