import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { imageKey } from "../../src/model/image.ts";
import type { Trouble } from "../../src/model/outcome.ts";
import { resolveImages, type LoginOf, type ResolvedImages } from "../../src/observe/images.ts";
import type { EngineReply, EngineRequest, Session } from "../../src/remote/session.ts";

const text = "ghcr.io/acme/shop:1";
const digest = `sha256:${"1".repeat(64)}`;
const known: EngineReply = { status: 200, body: { Descriptor: { digest } } };
const header = "aGVhZGVy";
const ghcrOnly: LoginOf = (image) => (image.startsWith("ghcr.io/") ? { header } : undefined);

interface Asked extends ResolvedImages {
  readonly requests: readonly EngineRequest[];
}

/** What a text means where the registry answers so, and no image of that name is local. */
async function ask(registry: EngineReply, loginOf?: LoginOf, image = text): Promise<Asked> {
  const requests: EngineRequest[] = [];
  const engine: Session["engine"] = (request) => {
    requests.push(request);
    return Promise.resolve(
      request.path.startsWith("/distribution/") ? registry : { status: 404, body: {} },
    );
  };
  const wish = { app: "shop", family: "shop", text: image, machines: ["web-1"], again: false };
  const resolved = await resolveImages(
    [wish],
    new Map(),
    new Set(["web-1"]),
    () => Promise.resolve({ engine } as unknown as Session),
    new Map<string, Promise<string | Trouble>>(),
    loginOf ?? (() => undefined),
  );
  return { ...resolved, requests };
}

test("the registry is asked with the login that is declared for it", async () => {
  const { references, requests } = await ask(known, ghcrOnly);
  assert.equal(references.get(imageKey("shop", text)), `ghcr.io/acme/shop@${digest}`);
  assert.deepEqual(
    requests.map(({ path, headers }) => ({ path, headers })),
    [
      {
        path: "/distribution/ghcr.io/acme/shop%3A1/json",
        headers: { "X-Registry-Auth": header },
      },
    ],
  );
});

test("another registry gets no login, and an image that is only here neither", async () => {
  const { requests } = await ask({ status: 404, body: {} }, ghcrOnly, "quay.io/acme/shop:1");
  assert.deepEqual(
    requests.map(({ headers }) => headers ?? {}),
    [{}, {}],
  );
  const local = await ask({ status: 404, body: {} }, ghcrOnly);
  assert.deepEqual(
    local.requests.map(({ headers }) => headers ?? {}),
    [{ "X-Registry-Auth": header }, {}],
  );
});

describe("what is told when a registry does not say", () => {
  const refused = "; ghcr.io refuses the login that slipway.yaml has for it in 'registries'";
  const none = "; slipway.yaml has no login for ghcr.io in 'registries'";
  const cases: readonly (readonly [status: number, message: string, isRefusal: boolean])[] = [
    [401, "unauthorized: authentication required", true],
    [403, "denied", true],
    [500, 'Head "https://ghcr.io/v2/acme/shop/manifests/1": no basic auth credentials', true],
    [500, 'Head "https://ghcr.io/v2/acme/shop/manifests/1": denied: denied', true],
    [404, "manifest unknown", false],
    [429, "toomanyrequests: you may increase the limit by authenticating", false],
    [500, 'Get "https://ghcr.io/v2/": dial tcp: connect: connection refused', false],
  ];
  for (const [status, message, isRefusal] of cases) {
    test(`${status} ${message}`, async () => {
      for (const [loginOf, why] of [
        [ghcrOnly, refused],
        [() => undefined, none],
      ] as const) {
        const { unresolved } = await ask({ status, body: { message } }, loginOf);
        assert.deepEqual(unresolved.get("shop"), {
          machine: "web-1",
          class: "pull",
          text: `image ${text} cannot be resolved: ${message}${isRefusal ? why : ""}`,
        });
      }
    });
  }
});

describe("where machines lack an engine", () => {
  const meaning = async (
    answering: readonly string[],
    lacking: readonly string[],
  ): Promise<ResolvedImages> => {
    const engine: Session["engine"] = () => Promise.resolve(known);
    const machines = ["web-1", "web-2"];
    return await resolveImages(
      [{ app: "shop", family: "shop", text, machines, again: false }],
      new Map(),
      new Set(answering),
      () => Promise.resolve({ engine } as unknown as Session),
      new Map<string, Promise<string | Trouble>>(),
      () => undefined,
      (machine) => (lacking.includes(machine) ? "the container engine" : undefined),
    );
  };

  test("another machine of the app is asked", async () => {
    const { references, awaiting } = await meaning(["web-2"], ["web-1"]);
    assert.equal(references.size, 1);
    assert.equal(awaiting.size, 0);
  });

  test("the app waits where none can be asked, which is no trouble", async () => {
    const { references, unresolved, awaiting } = await meaning([], ["web-1", "web-2"]);
    assert.deepEqual([references.size, unresolved.size], [0, 0]);
    assert.deepEqual([...awaiting], [["shop", "the container engine"]]);
  });

  test("one that only does not answer is trouble", async () => {
    const { unresolved, awaiting } = await meaning([], []);
    assert.equal(unresolved.get("shop")?.class, "unreachable");
    assert.equal(awaiting.size, 0);
  });
});
