import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { container } from "../../../../src/kinds/app/container.ts";
import { specDigest } from "../../../../src/kinds/shared/container/fields.ts";
import type { ContainerSpec, Proxied } from "../../../../src/kinds/shared/container/spec.ts";
import { plain } from "../../../support/specs.ts";

type State = Parameters<NonNullable<typeof container.watch>>[1];

const facts = { root: "/var/lib/slipway/acme" } as Parameters<typeof container.diff>[2];

const proxied: Proxied = {
  pools: [{ name: "shop", port: 8080 }],
  warmMs: 3_000,
  drainMs: 30_000,
  streamsMs: 30_000,
  maxErrors: 0.05,
};

const stateWith = (want: ContainerSpec, more: object): State =>
  ({
    app: "shop",
    family: "shop",
    instance: 1,
    containers: [{ id: "c1", name: "acme-shop-1", spec: specDigest(want), ...more }],
  }) as unknown as State;

const watched = (want: ContainerSpec, have?: State) => container.watch?.(want, have, facts);

describe("what is watched once a container was made", () => {
  const served: ContainerSpec = { ...plain, watchMs: 30_000, proxied };

  test("without the proxy it is the whole time, while others roll", () => {
    assert.equal(watched({ ...plain, watchMs: 3_000 })?.forMs, 3_000);
  });

  test("behind the proxy it is what is left, judged by what users get, and counts restarts since it was made", () => {
    const watch = watched(served);
    assert.equal(watch?.forMs, 27_000);
    assert.equal(watch?.judged?.maxErrors, 0.05);
    assert.equal(watch?.isNew, true);
  });

  test("nothing is left where all of it passes while the one before is warm", () => {
    assert.equal(watched({ ...served, watchMs: 3_000 }), undefined);
  });

  test("what ran here before is known", () => {
    const kept = { role: "previous", running: false, status: "exited", startedAt: "2026-01-01" };
    assert.equal(watched(served, stateWith(served, kept)), undefined);
  });

  test("what a cut rollout left unproven is still new", () => {
    const fresh = { role: "new", running: true, status: "running", startedAt: "2026-01-01" };
    assert.equal(watched(served, stateWith(served, fresh))?.forMs, 27_000);
  });
});
