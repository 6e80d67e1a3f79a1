import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parsePublish, PublishError, type Publish } from "../../src/lib/publish.ts";

const tcp = (scope: Publish["scope"], host: number, container: number): Publish => ({
  scope,
  host: [host, host],
  container: [container, container],
  protocol: "tcp",
});

test("publish entries in all their forms", () => {
  const cases: readonly (readonly [string, Publish])[] = [
    ["5432:5432", tcp("private", 5432, 5432)],
    ["private:80:8080", tcp("private", 80, 8080)],
    ["public:80:8080", tcp("public", 80, 8080)],
    ["local:80:8080/tcp", tcp("local", 80, 8080)],
    ["10.0.0.1:80:8080", tcp({ ip: "10.0.0.1" }, 80, 8080)],
    ["[::1]:80:8080", tcp({ ip: "::1" }, 80, 8080)],
    ["public:53:53/udp", { ...tcp("public", 53, 53), protocol: "udp" }],
    [
      "9000-9002:8000-8002",
      { scope: "private", host: [9000, 9002], container: [8000, 8002], protocol: "tcp" },
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parsePublish(text), expected, text);
});

test("what is no publish entry says why", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /is not \[private/],
    ["80", /is not \[private/],
    ["0:80", /'0' is not a port/],
    ["80:65536", /'65536' is not a port/],
    ["99999:80", /'99999' is not a port/],
    ["90-80:80-90", /runs backwards/],
    ["80-82:80", /different lengths/],
    ["-80:80", /'-80' is not a port/],
    ["80-:80", /'80-' is not a port/],
    ["300.1.1.1:80:80", /'300.1.1.1' is not an IP address/],
    ["[zz]:80:80", /'zz' is not an IP address/],
    ["everywhere:80:80", /is not \[private/],
    ["80:80/sctp", /is not \[private/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parsePublish(text),
      (error) => error instanceof PublishError && message.test(error.message),
      text,
    );
  }
});

test("any text is either an entry or a PublishError", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d:.[\]/-]*$/)), (text) => {
      try {
        parsePublish(text);
      } catch (error) {
        assert.ok(error instanceof PublishError);
      }
    }),
  );
});
