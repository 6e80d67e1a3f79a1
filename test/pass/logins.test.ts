import assert from "node:assert/strict";
import { test } from "node:test";
import { registryAuth } from "../../src/lib/registry-auth.ts";
import type { RegistryLogin } from "../../src/model/documents.ts";
import type { SealedValue } from "../../src/model/sealed.ts";
import { Secret } from "../../src/model/secret.ts";
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
const opened = new Map(
  ["registries.GHCR", "registries.HUB"].map((name) => [`b10b#${name}`, new Secret(name, name)]),
);
const header = (registry: string, user: string, password: string): { header: string } => ({
  header: registryAuth({ registry, user, password: new TextEncoder().encode(password) }),
});

test("an image's login is its registry's", () => {
  const loginOf = loginsOf({ logins }, opened);
  assert.deepEqual(loginOf("ghcr.io/acme/shop:1"), header("ghcr.io", "bot", "registries.GHCR"));
  assert.deepEqual(loginOf("postgres:16"), header("docker.io", "hub", "registries.HUB"));
  assert.equal(loginOf("ghcr.io:8443/acme/shop:1"), undefined);
  assert.equal(loginOf("quay.io/acme/shop"), undefined);
});

test("where nothing is opened nobody logs in", () => {
  assert.equal(loginsOf({ logins }, new Map())("ghcr.io/acme/shop:1"), undefined);
});
