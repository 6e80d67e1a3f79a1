import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { proxy } from "../../../../src/kinds/machine/proxy.ts";
import type { ProxyContainer, ProxyState } from "../../../../src/kinds/machine/proxy/state.ts";
import { wantedOf } from "../../../../src/kinds/machine/proxy/wanted.ts";
import type { Answers } from "../../../../src/model/query.ts";
import { converge, facts, find } from "../../../support/converge.ts";
import { EngineSim } from "../../../support/engine-sim.ts";
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
/** One that has connections open refuses to be removed; one that was just starting may not have heard it. */
const goes = (id: string): readonly string[] => [
  `leave ${id} within 500 ms, or later`,
  `POST /containers/${id}/kill?signal=SIGUSR1`,
  `leave ${id} within 1500 ms, or later`,
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
    assert.deepEqual(stepsWith(other).slice(-7), [...letGo(other.id), ...goes(other.id)]);
  });

  test("is let go only once the other answers, and hears nothing that the other is told", () => {
    const have = proxyAfter(want);
    assert.ok(have?.runtime !== undefined);
    const { servers } = have.runtime;
    const moved = servers.map((server) => ({ ...server, ready: !server.ready }));
    const two = {
      ...have,
      containers: [other, ...have.containers],
      runtime: { ...have.runtime, servers: moved },
    };
    const difference = proxy.diff(want, two, facts);
    assert.equal(difference?.reason.code, "leftover");
    const steps = linesOf(proxy.apply({ difference, want, have: two }, facts));
    assert.match(steps[0] ?? "", /^talk to .*"show env SLIPWAY_PROXY/);
    assert.deepEqual(steps.slice(1, 8), [...letGo(other.id), ...goes(other.id)]);
    assert.match(steps[8] ?? "", /^talk to .*"set server /);
  });

  test("is told again where it still answers", () => {
    const have = proxyAfter(want);
    assert.ok(have !== undefined);
    const name = "slipway-acme-proxy-leaving-bbbbbbbb";
    const unheard = { ...other, name, restart: "no", answers: true as const };
    const now = { ...have, containers: [unheard, ...have.containers] };
    const difference = proxy.diff(want, now, facts);
    assert.equal(difference?.reason.code, "leftover");
    const steps = linesOf(proxy.apply({ difference, want, have: now }, facts));
    assert.deepEqual(steps.slice(1), [...letGo(other.id).slice(0, 2), ...goes(other.id)]);
  });

  test("answers for itself where both share the socket", () => {
    const sim = new EngineSim();
    sim.registry.set(want.reference, {
      id: "sha256:aa",
      digests: [want.reference],
      tags: [],
      config: {},
    });
    converge(proxy, sim, want);
    const stateWith = (spec: string): ProxyState | undefined => {
      const answers: Answers = {
        text: (query) => sim.text(query)?.replace(containerSpec, spec),
        names: (query) => sim.names(query),
        json: (query) => sim.json(query),
        each: (query) => sim.each(query),
      };
      return find(proxy, answers, "");
    };
    assert.ok(stateWith(containerSpec)?.runtime !== undefined);
    assert.equal(stateWith("0000")?.runtime, undefined);
    assert.equal(stateWith("0000")?.containers[0]?.answers, undefined);
  });

  test("is told again where nobody knows whether it was", () => {
    const cut = made("aaaaaaaaaaaa", { restart: "no", spec: "0000", name: other.name });
    const again = stepsWith(cut, made("cccccccccccc", {}));
    assert.deepEqual(again.slice(-7), [...letGo(cut.id), ...goes(cut.id)]);
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
    assert.deepEqual(steps.slice(-7), [...letGo(other.id), ...goes(other.id)]);
  });

  test("makes room for its name before that is wanted again", () => {
    const cut = made("aaaaaaaaaaaa", { restart: "no" });
    const steps = stepsWith(cut, other);
    assert.deepEqual(steps.slice(0, 3), letGo(cut.id));
    assert.deepEqual(steps.slice(-11), [...letGo(other.id), ...goes(cut.id), ...goes(other.id)]);
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
