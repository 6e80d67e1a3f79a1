import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { registryAuth } from "../../src/lib/registry-auth.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const decoded = (header: string): unknown =>
  JSON.parse(Buffer.from(header, "base64url").toString());

test("the engine reads who logs in where", () => {
  const login = { registry: "ghcr.io", user: "bot", password: bytes("s3cret") };
  assert.equal(
    registryAuth(login),
    "eyJ1c2VybmFtZSI6ImJvdCIsInBhc3N3b3JkIjoiczNjcmV0Iiwic2VydmVyYWRkcmVzcyI6ImdoY3IuaW8ifQ==",
  );
  assert.deepEqual(decoded(registryAuth({ ...login, registry: "docker.io" })), {
    username: "bot",
    password: "s3cret",
    serveraddress: "https://index.docker.io/v1/",
  });
});

test("one line end after the password is left out, all else is sent as it is", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["s3cret\n", "s3cret"],
    ["s3cret\r\n", "s3cret"],
    ["s3cret\n\n", "s3cret\n"],
    [" s3 cret ", " s3 cret "],
    ['"\\é~?>', '"\\é~?>'],
    ["", ""],
  ];
  for (const [password, sent] of cases)
    assert.deepEqual(
      decoded(registryAuth({ registry: "r:5", user: "u", password: bytes(password) })),
      { username: "u", password: sent, serveraddress: "r:5" },
    );
});

test("it is base64 for URLs in full groups of four: engines ignore what is not", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (user, password) => {
      const header = registryAuth({ registry: "ghcr.io", user, password: bytes(password) });
      assert.match(header, /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/);
      assert.equal((decoded(header) as { username: string }).username, user);
    }),
  );
});
