import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerCreateRequest, ContainerUpdateRequest } from "@docker/node-sdk";
import { createBody } from "../../../../src/kinds/shared/container/body.ts";
import { limitsBody } from "../../../../src/kinds/shared/container/limits.ts";
import { full, plain } from "../../../support/specs.ts";

type Frozen<T> = T extends (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

test("requests have the engine's own types", () => {
  const create: Frozen<ContainerCreateRequest> = createBody(full, {
    restart: "always",
    labels: {},
  });
  const update: Frozen<ContainerUpdateRequest> = limitsBody(plain.limits, full.limits);
  assert.equal(create.Image, full.image);
  assert.equal(update.CpuQuota, -1);
});
