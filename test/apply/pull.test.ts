import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { StepFailure } from "../../src/apply/failure.ts";
import { pull } from "../../src/apply/pull.ts";
import type { StepContext } from "../../src/apply/steps.ts";
import { registryAuth } from "../../src/lib/registry-auth.ts";
import { sealedShown, type SealedText } from "../../src/model/sealed.ts";
import type { PullStep } from "../../src/model/step.ts";
import type { EngineRequest, Session } from "../../src/remote/session.ts";

const password = "hunter2hunter2";
const image = `ghcr.io/acme/shop@sha256:${"1".repeat(64)}`;
const plain: PullStep = { do: "pull", image, timeoutMs: 1000 };
const withLogin: PullStep = {
  ...plain,
  login: {
    registry: "ghcr.io",
    user: "bot",
    password: { name: "registries.GHCR_TOKEN", id: "b10b#GHCR_TOKEN" },
  },
};
const header = registryAuth({
  registry: "ghcr.io",
  user: "bot",
  password: new TextEncoder().encode(password),
});

interface Pulled {
  readonly requests: readonly EngineRequest[];
  readonly revealed: readonly string[];
  readonly progress: readonly string[];
  readonly failure: StepFailure | undefined;
}

/** A pull that the engine answers with these lines. */
async function pulled(
  step: PullStep,
  lines: readonly object[],
  status = 200,
  more: Partial<StepContext> = {},
): Promise<Pulled> {
  const requests: EngineRequest[] = [];
  const revealed: string[] = [];
  const progress: string[] = [];
  const engineStream: Session["engineStream"] = (request) => {
    requests.push(request);
    const chunks = (async function* () {
      for (const line of lines) yield Buffer.from(`${JSON.stringify(line)}\n`);
    })();
    return Promise.resolve({ status, headers: {}, chunks, close: () => undefined });
  };
  const context = {
    session: { machine: "web-1", engineStream },
    preempt: new AbortController().signal,
    progress: (text: string) => progress.push(text),
    reveal: (sealed: SealedText) => {
      revealed.push(sealedShown(sealed));
      return new TextEncoder().encode(password);
    },
    ...more,
  } as unknown as StepContext;
  const failure = await pull(context, step).then(
    () => undefined,
    (error: unknown) => {
      assert.ok(error instanceof StepFailure, String(error));
      return error;
    },
  );
  return { requests, revealed, progress, failure };
}

test("without a login nothing is revealed and nothing sent with it", async () => {
  const { requests, revealed, failure } = await pulled(plain, [{ status: "Pulling" }]);
  assert.equal(failure, undefined);
  assert.deepEqual(revealed, []);
  assert.deepEqual(
    requests.map(({ path, headers }) => ({ path, headers })),
    [{ path: `/images/create?fromImage=${encodeURIComponent(image)}`, headers: undefined }],
  );
});

test("a login goes with the pull, in its header and nowhere else", async () => {
  const { requests, revealed, progress, failure } = await pulled(withLogin, [
    { status: "Pulling" },
    { status: "Downloading", id: "a1" },
  ]);
  assert.equal(failure, undefined);
  assert.deepEqual(revealed, ["${registries.GHCR_TOKEN}"]);
  assert.deepEqual(
    requests.map(({ headers }) => headers),
    [{ "X-Registry-Auth": header }],
  );
  assert.deepEqual(progress, ["Pulling"]);
  for (const { headers: _, ...shown } of requests) assertSaysNothing(shown);
});

test("a step says the secret's name, and no more of it", () => {
  const json = JSON.stringify(withLogin);
  assert.match(json, /registries\.GHCR_TOKEN/);
  assertSaysNothing(json);
});

describe("a registry that refuses is trouble with a pull, never the app's", () => {
  const refused = "ghcr.io refuses the login that slipway.yaml has for it in 'registries'";
  const none = "slipway.yaml has no login for ghcr.io in 'registries'";
  // As Docker 20.10 says it.
  const words: readonly (readonly [
    status: number,
    line: object,
    said: string,
    isRefusal: boolean,
  ])[] = [
    [
      500,
      { message: "unauthorized: authentication required" },
      "unauthorized: authentication required",
      true,
    ],
    [
      500,
      { message: 'Get "https://ghcr.io/v2/": no basic auth credentials' },
      'Get "https://ghcr.io/v2/": no basic auth credentials',
      true,
    ],
    [
      500,
      { message: 'Get "https://ghcr.io/v2/": denied: denied' },
      'Get "https://ghcr.io/v2/": denied: denied',
      true,
    ],
    [
      404,
      { message: "pull access denied for ghcr.io/acme/shop" },
      "pull access denied for ghcr.io/acme/shop",
      true,
    ],
    [
      500,
      { message: "error parsing HTTP 403 response body: invalid character '<'" },
      "error parsing HTTP 403 response body: invalid character '<'",
      true,
    ],
    [
      200,
      { error: "denied: requested access to the resource is denied" },
      "denied: requested access to the resource is denied",
      true,
    ],
    [401, {}, "{}", true],
    [403, {}, "{}", true],
    [500, { message: "manifest unknown" }, "manifest unknown", false],
    [
      500,
      { message: "toomanyrequests: you may increase the limit by authenticating" },
      "toomanyrequests: you may increase the limit by authenticating",
      false,
    ],
    [
      500,
      { message: "open /var/lib/docker/tmp/x: permission denied" },
      "open /var/lib/docker/tmp/x: permission denied",
      false,
    ],
  ];
  for (const [status, line, said, isRefusal] of words) {
    test(`${status} ${JSON.stringify(line)}`, async () => {
      for (const [step, why] of [
        [plain, none],
        [withLogin, refused],
      ] as const) {
        const { failure } = await pulled(step, [line], status);
        assert.deepEqual(
          [failure?.message, failure?.blame, failure?.trouble],
          [`pull of ${image}: ${said}${isRefusal ? `; ${why}` : ""}`, "machine", "pull"],
        );
        assertSaysNothing(failure);
      }
    });
  }
});

test("a pull that is not done in time or makes room says nothing of the login", async () => {
  const stop = new AbortController();
  stop.abort();
  const session = {
    engineStream: ({ signal }: EngineRequest) => {
      const { promise, reject } = Promise.withResolvers<never>();
      const end = (): void => reject(signal?.reason as Error);
      signal?.addEventListener("abort", end);
      if (signal?.aborted === true) end();
      return promise;
    },
  } as unknown as Session;
  const late = await pulled({ ...withLogin, timeoutMs: 1 }, [], 200, { session });
  assert.match(late.failure?.message ?? "", /not done in 0 s/);
  const preempted = await pulled(withLogin, [], 200, { session, preempt: stop.signal });
  assert.equal(preempted.failure?.blame, "preempted");
  for (const { failure } of [late, preempted]) assertSaysNothing(failure);
});

/** Also of what is printed when it is thrown through the roof. */
function assertSaysNothing(value: unknown): void {
  const all =
    typeof value === "string" ? value : inspect(value, { depth: Infinity, showHidden: true });
  for (const text of [password, header, header.slice(10, 40)])
    assert.ok(!all.includes(text), `${text} is in ${all}`);
}
