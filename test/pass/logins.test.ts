import assert from "node:assert/strict";
import { test } from "node:test";
import { registryAuth } from "../../src/lib/registry-auth.ts";
import type { RegistryLogin } from "../../src/model/documents.ts";
import { sealedShown, type SealedValue } from "../../src/model/sealed.ts";
import { loginsOf } from "../../src/pass/logins.ts";

const sealed = (name: string): SealedValue => ({
  name,
  id: `b10b#${name}`,
  where: { file: "secrets/registries.yaml", line: 1, col: 1 },
  source: { form: "armor", text: "" },
});
const logins: ReadonlyMap<string, RegistryLogin> = new Map([
  ["ghcr.io", { user: "bot", password: sealed("registries.GHCR") }],
  ["docker.io", { user: "hub", password: sealed("registries.HUB") }],
]);

test("an image's login is its registry's, and opened only when it is asked for", () => {
  const opened: string[] = [];
  const loginOf = loginsOf({ logins }, (text) => {
    opened.push(sealedShown(text));
    return new TextEncoder().encode(`of ${sealedShown(text)}`);
  });
  assert.deepEqual(opened, []);
  const header = (registry: string, user: string, name: string): { header: string } => {
    const password = new TextEncoder().encode(`of \${${name}}`);
    return { header: registryAuth({ registry, user, password }) };
  };
  assert.deepEqual(loginOf("ghcr.io/acme/shop:1"), header("ghcr.io", "bot", "registries.GHCR"));
  assert.deepEqual(loginOf("postgres:16"), header("docker.io", "hub", "registries.HUB"));
  assert.deepEqual(opened, ["${registries.GHCR}", "${registries.HUB}"]);
  assert.equal(loginOf("ghcr.io:8443/acme/shop:1"), undefined);
  assert.equal(loginOf("quay.io/acme/shop"), undefined);
  assert.equal(opened.length, 2);
});
