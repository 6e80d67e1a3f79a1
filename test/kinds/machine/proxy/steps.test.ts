import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { proxy } from "../../../../src/kinds/machine/proxy.ts";
import type { ProxyContainer, ProxyState } from "../../../../src/kinds/machine/proxy/state.ts";
import { wantedOf } from "../../../../src/kinds/machine/proxy/wanted.ts";
import { facts } from "../../../support/converge.ts";
import { emptyProxy, poolOf, routeOf } from "../../../support/proxy-specs.ts";
import { proxyAfter } from "../../../support/proxy-states.ts";
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
  reference: want.reference,
  running: true,
  restart: "unless-stopped",
  ...more,
});
const other = made("bbbbbbbbbbbb", { name: "slipway-acme-proxy-00000000", spec: "0000" });

const stepsWith = (...containers: readonly ProxyContainer[]): readonly string[] => {
  const have: ProxyState = { containers, files: {}, lines: {}, images: [want.reference] };
  const difference = proxy.diff(want, have, facts);
  return difference === undefined ? [] : linesOf(proxy.apply({ difference, want, have }, facts));
};

const letGo = (id: string): readonly string[] => [
  `POST /containers/${id}/update {"RestartPolicy":{"Name":"no"}}`,
  `POST /containers/${id}/kill?signal=SIGUSR1`,
  `POST /containers/${id}/rename?name=slipway-acme-proxy-leaving-${id.slice(0, 8)}`,
];
/** One that has connections open refuses to be removed. */
const goes = (id: string): readonly string[] => [
  `leave ${id} within 2000 ms, or later`,
  `DELETE /containers/${id}`,
];

test("an image that is not there is pulled by its digest, with the login of its registry", () => {
  const password = { name: "registries.TOKEN", id: "registries.TOKEN" };
  const login = { registry: "docker.io", user: "bot", password };
  const having = (...images: readonly string[]): readonly string[] => {
    const have: ProxyState = { containers: [other], files: {}, lines: {}, images };
    const difference = proxy.diff(want, have, facts);
    assert.ok(difference !== undefined);
    const steps = proxy.apply({ difference, want: { ...want, login }, have }, facts);
    return linesOf(steps).filter((line) => line.startsWith("pull "));
  };
  assert.deepEqual(having(want.reference), []);
  assert.deepEqual(having("haproxy:lts"), [`pull ${want.reference} with ${JSON.stringify(login)}`]);
});

describe("a proxy that another takes over from", () => {
  test("leaves under another name once the other answers", () => {
    assert.deepEqual(stepsWith(other).slice(-5), [...letGo(other.id), ...goes(other.id)]);
  });

  test("is told again where nobody knows whether it was", () => {
    const cut = made("aaaaaaaaaaaa", { restart: "no", spec: "0000", name: other.name });
    const again = stepsWith(cut, made("cccccccccccc", {}));
    assert.deepEqual(again.slice(-5), [...letGo(cut.id), ...goes(cut.id)]);
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
    assert.deepEqual(steps.slice(-5), [...letGo(other.id), ...goes(other.id)]);
  });

  test("makes room for its name before that is wanted again", () => {
    const cut = made("aaaaaaaaaaaa", { restart: "no" });
    const steps = stepsWith(cut, other);
    assert.deepEqual(steps.slice(0, 3), letGo(cut.id));
    assert.deepEqual(steps.slice(-7), [...letGo(other.id), ...goes(cut.id), ...goes(other.id)]);
  });

  test("goes once it has ended, and is let be before", () => {
    const have = proxyAfter(want);
    assert.ok(have !== undefined);
    const left = (running: boolean): string | undefined => {
      const name = "slipway-acme-proxy-leaving-aaaaaaaa";
      const one = made("aaaaaaaaaaaa", { restart: "no", spec: "0000", name, running });
      const now = { ...have, containers: [one, ...have.containers] };
      const difference = proxy.diff(want, now, facts);
      if (difference === undefined) return undefined;
      return linesOf(proxy.apply({ difference, want, have: now }, facts)).join();
    };
    assert.equal(left(true), undefined);
    assert.equal(left(false), "DELETE /containers/aaaaaaaaaaaa?force=true");
  });

  test("has its files back where the other does not start", () => {
    const steps = stepsWith(other);
    const back = steps.slice(steps.lastIndexOf("otherwise"));
    assert.match(back.join("\n"), /^ {2}run .*proxy\.former","[^"]*proxy","mv"/m);
  });
});
