import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { familiarName, registryNamed, registryOf, repositoryOf } from "../../src/lib/image-name.ts";

const digest = `sha256:${"1".repeat(64)}`;

test("the registry, the repository and the engine's own way of writing a name", () => {
  const cases: readonly (readonly [
    image: string,
    registry: string,
    repository: string,
    familiar: string,
  ])[] = [
    ["nginx", "docker.io", "nginx", "nginx"],
    ["nginx:1.27", "docker.io", "nginx", "nginx:1.27"],
    [`nginx:1.27@${digest}`, "docker.io", "nginx", `nginx@${digest}`],
    [`library/nginx@${digest}`, "docker.io", "library/nginx", `nginx@${digest}`],
    ["acme/shop:1", "docker.io", "acme/shop", "acme/shop:1"],
    ["acme/team/shop", "docker.io", "acme/team/shop", "acme/team/shop"],
    ["library/team/shop", "docker.io", "library/team/shop", "library/team/shop"],
    ["docker.io/nginx", "docker.io", "docker.io/nginx", "nginx"],
    [
      `docker.io/library/nginx@${digest}`,
      "docker.io",
      "docker.io/library/nginx",
      `nginx@${digest}`,
    ],
    ["index.docker.io/acme/shop:1", "docker.io", "index.docker.io/acme/shop", "acme/shop:1"],
    ["ghcr.io/acme/shop:1", "ghcr.io", "ghcr.io/acme/shop", "ghcr.io/acme/shop:1"],
    ["ghcr.io/library/nginx", "ghcr.io", "ghcr.io/library/nginx", "ghcr.io/library/nginx"],
    ["GHCR.io/acme/shop", "ghcr.io", "GHCR.io/acme/shop", "GHCR.io/acme/shop"],
    ["localhost/shop", "localhost", "localhost/shop", "localhost/shop"],
    ["localhost:5000/shop:1", "localhost:5000", "localhost:5000/shop", "localhost:5000/shop:1"],
    ["registry/shop", "docker.io", "registry/shop", "registry/shop"],
    ["registry:5000/shop", "registry:5000", "registry:5000/shop", "registry:5000/shop"],
    ["Registry/shop", "registry", "Registry/shop", "Registry/shop"],
    ["[fd00::1]:5000/shop:1", "[fd00::1]:5000", "[fd00::1]:5000/shop", "[fd00::1]:5000/shop:1"],
    [
      `10.0.0.1:5000/a/b:1@${digest}`,
      "10.0.0.1:5000",
      "10.0.0.1:5000/a/b",
      `10.0.0.1:5000/a/b@${digest}`,
    ],
    ["shop.v2:1.0/x", "shop.v2:1.0", "shop.v2:1.0/x", "shop.v2:1.0/x"],
    [digest, "docker.io", "sha256", digest],
    ["", "docker.io", "", ""],
    ["/shop", "docker.io", "/shop", "/shop"],
  ];
  for (const [image, ...expected] of cases)
    assert.deepEqual(
      [registryOf(image), repositoryOf(image), familiarName(image)],
      expected,
      image,
    );
});

test("a registry has one name, however its host is written", () => {
  for (const host of ["docker.io", "index.docker.io", "Index.Docker.IO"])
    assert.equal(registryNamed(host), "docker.io");
  assert.equal(registryNamed("GHCR.io"), "ghcr.io");
  assert.equal(registryNamed("registry:5000"), "registry:5000");
});

const part = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4})?$/);
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const host = fc.oneof(
  fc.constant("localhost"),
  fc.stringMatching(/^[a-z0-9]{1,8}\.[a-z]{2,4}$/),
  fc.stringMatching(/^[a-z0-9]{1,8}(?:\.[a-z]{2})?:[1-9][0-9]{1,4}$/),
);
const ending = fc.constantFrom("", ":1.0", `@${digest}`, `:1.0@${digest}`);

test("the host in front is the registry, whatever tag and digest follow", () => {
  fc.assert(
    fc.property(host, path, ending, (registry, rest, end) => {
      const image = `${registry}/${rest}`;
      assert.equal(registryOf(image + end), registry);
      assert.equal(repositoryOf(image + end), image);
    }),
  );
});

test("the engine's own way of writing a name stays as it is, and on the same registry", () => {
  const first = fc.oneof(host, fc.constantFrom("docker.io", "docker.io/library", "library"));
  fc.assert(
    fc.property(first, path, ending, (front, rest, end) => {
      const familiar = familiarName(`${front}/${rest}${end}`);
      assert.equal(familiarName(familiar), familiar);
    }),
  );
});
