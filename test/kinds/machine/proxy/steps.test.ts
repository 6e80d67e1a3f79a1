import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { proxy } from "../../../../src/kinds/machine/proxy.ts";
import type { ProxyContainer, ProxyState } from "../../../../src/kinds/machine/proxy/state.ts";
import { wantedOf } from "../../../../src/kinds/machine/proxy/wanted.ts";
import { facts } from "../../../support/converge.ts";
import { emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";
import { linesOf } from "../../../support/step-lines.ts";

const want = {
  ...emptyProxy,
  routes: [routeOf("shop.test", { pool: "shop" })],
  pools: [poolOf("shop")],
};
const { containerSpec, container } = wantedOf(want, undefined);

const made = (id: string, more: Partial<ProxyContainer>): ProxyContainer => ({
  id,
  name: container,
  spec: containerSpec,
  image: want.image,
  running: true,
  restart: "unless-stopped",
  ...more,
});
const other = made("bbbbbbbbbbbb", { name: "slipway-acme-proxy-00000000", spec: "0000" });

const stepsWith = (...containers: readonly ProxyContainer[]): readonly string[] => {
  const have: ProxyState = { containers, files: {}, lines: {}, images: [want.image] };
  const difference = proxy.diff(want, have, facts);
  return difference === undefined ? [] : linesOf(proxy.apply({ difference, want, have }, facts));
};

const letGo = (id: string): readonly string[] => [
  `POST /containers/${id}/update {"RestartPolicy":{"Name":"no"}}`,
  `POST /containers/${id}/kill?signal=SIGUSR1`,
  `POST /containers/${id}/rename?name=slipway-acme-proxy-leaving-${id.slice(0, 8)}`,
];

describe("a proxy that another takes over from", () => {
  test("leaves under another name once the other answers", () => {
    assert.deepEqual(stepsWith(other).slice(-3), letGo(other.id));
  });

  test("is told again where nobody knows whether it was", () => {
    const cut = made("aaaaaaaaaaaa", { restart: "no", spec: "0000", name: other.name });
    assert.deepEqual(stepsWith(cut, made("cccccccccccc", {})).slice(-3), letGo(cut.id));
    const told = { ...cut, name: "slipway-acme-proxy-leaving-aaaaaaaa" };
    const steps = stepsWith(told, made("cccccccccccc", {}));
    assert.ok(!steps.some((line) => line.includes(told.id)), steps.join("\n"));
  });

  test("is not taken back while it leaves, though it is as wanted", () => {
    const leaving = made("aaaaaaaaaaaa", {
      restart: "no",
      name: "slipway-acme-proxy-leaving-aaaaaaaa",
    });
    const steps = stepsWith(leaving, other);
    assert.ok(steps.some((line) => line.startsWith(`POST /containers/create?name=${container} `)));
    assert.deepEqual(steps.slice(-3), letGo(other.id));
  });

  test("makes room for its name before that is wanted again", () => {
    const cut = made("aaaaaaaaaaaa", { restart: "no" });
    const steps = stepsWith(cut, other);
    assert.deepEqual(steps.slice(0, 3), letGo(cut.id));
    assert.deepEqual(steps.slice(-3), letGo(other.id));
  });

  test("has its files back where the other does not start", () => {
    const steps = stepsWith(other);
    const back = steps.slice(steps.lastIndexOf("otherwise"));
    assert.match(back.join("\n"), /^ {2}run .*proxy\.former","[^"]*proxy","mv"/m);
  });
});
