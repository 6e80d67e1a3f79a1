import assert from "node:assert/strict";
import { test } from "node:test";
import { armoredYaml, documentsOf, repo } from "./repos.ts";

test("logins are found by their registry's one name, with the password's full one", async () => {
  const { logins } = await documentsOf(
    repo({
      "slipway.yaml": [
        "fleet: acme",
        "registries:",
        "  index.docker.io: { user: hub, password: registries.HUB }",
        "  GHCR.io: { user: bot, password: registries.GHCR }",
        "  localhost:5000: { user: me, password: registries.HUB }",
        "",
      ].join("\n"),
      "secrets/registries.yaml": armoredYaml("GHCR", "HUB"),
    }),
  );
  assert.deepEqual(
    [...logins].map(([host, { user, password }]) => [host, user, password.name]),
    [
      ["docker.io", "hub", "registries.HUB"],
      ["ghcr.io", "bot", "registries.GHCR"],
      ["localhost:5000", "me", "registries.HUB"],
    ],
  );
});
