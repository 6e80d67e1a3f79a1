import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { container, type ContainerSpec } from "../../../../src/kinds/app/container.ts";
import { isAdopted, recordOf } from "../../../../src/kinds/app/container/adopted.ts";
import type { ContainerState } from "../../../../src/kinds/app/container/state.ts";
import type { About } from "../../../../src/kinds/kind.ts";
import { createBody } from "../../../../src/kinds/shared/container/body.ts";
import { isObject, type Json, type JsonObject } from "../../../../src/lib/json.ts";
import type { Adopted } from "../../../../src/model/inventory.ts";
import { about, facts, type Planned } from "../../../support/converge.ts";
import { countSteps, type EngineSim, type Ran } from "../../../support/engine-sim.ts";
import { pretended } from "../../../support/secrets.ts";
import { anySpec, full, imageReference, machine, plain } from "../../../support/specs.ts";

const own = "web";
const runs = { numRuns: 100 };

/** What a container of this spec would be that somebody made by hand. */
function byHand(want: ContainerSpec): JsonObject {
  const body = createBody(want, { restart: want.restart, labels: {} }) as unknown as JsonObject;
  const host = objectOf(body["HostConfig"]);
  const secrets = Object.entries(want.secretEnv ?? {}).map(
    ([name, { text }]) => `${name}=${pretended(text)}`,
  );
  const plainEnv = (body["Env"] as readonly string[]).filter((e) => !e.startsWith("SLIPWAY_"));
  return {
    ...body,
    Labels: want.labels,
    Env: [...plainEnv, ...secrets],
    NetworkingConfig: null,
    HostConfig: {
      ...host,
      Mounts: (host["Mounts"] as readonly JsonObject[]).filter((m) => m["Target"] !== "/etc/hosts"),
      NetworkMode: want.networks === "host" ? "host" : "bridge",
      LogConfig: { Type: "json-file", Config: {} },
    },
  };
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** A machine on which it runs, and what is remembered there. */
class Server {
  readonly sim: EngineSim = machine();
  readonly id: string;
  records: Record<string, Adopted> = {};

  constructor(spec: ContainerSpec) {
    this.sim.disk.makeFolder("/srv/media");
    this.sim.engine.call("POST", ["networks", "create"], {}, { Name: "bridge" });
    this.id = this.make(spec);
  }

  make(spec: ContainerSpec): string {
    const made = this.sim.engine.call(
      "POST",
      ["containers", "create"],
      { name: own },
      byHand(spec),
    );
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const id = String(objectOf(made.body)["Id"]);
    const started = this.sim.engine.call("POST", ["containers", id, "start"], {}, undefined);
    assert.equal(started.status, 204, JSON.stringify(started.body));
    return id;
  }

  /** As somebody would with `docker rm -f` and `docker run`. */
  makeAnew(spec: ContainerSpec): string {
    const { containers } = this.sim.engine;
    const current = containers.find(({ name }) => name === own);
    assert.ok(current !== undefined);
    const gone = this.sim.engine.call(
      "DELETE",
      ["containers", current.id],
      { force: "true" },
      undefined,
    );
    assert.equal(gone.status, 204, JSON.stringify(gone.body));
    return this.make(spec);
  }

  get startedAt(): string | undefined {
    return this.sim.engine.find(this.id)?.startedAt;
  }

  live(want: ContainerSpec | undefined): ContainerState | undefined {
    const named = want?.adopt === undefined ? [] : [`shop/1 shop ${want.adopt}`];
    const asked: About = {
      ...about,
      key: "key",
      adopted: this.records,
      named: new Map([["app/container", named]]),
    };
    return container.read(this.sim, asked).get("shop/1");
  }

  /** As a pass does before it applies, and once it is done. */
  remember(want: ContainerSpec | undefined): void {
    const found = (this.live(want)?.containers ?? []).filter(isAdopted);
    this.records = Object.fromEntries(
      found.map((c) => [c.id, recordOf(want, c, this.records[c.id])]),
    );
  }

  plan(want: ContainerSpec | undefined): Planned | undefined {
    const have = this.live(want);
    if (have !== undefined && want === undefined && container.owner(have) === undefined)
      return undefined;
    const difference = container.diff(want, have, facts);
    if (difference === undefined) return undefined;
    const chosen = {
      difference,
      ...(want === undefined ? {} : { want }),
      ...(have === undefined ? {} : { have }),
    };
    return { difference, steps: container.apply(chosen, facts) };
  }

  converge(want: ContainerSpec | undefined, rounds = 3): readonly Ran[] {
    const ran: Ran[] = [];
    for (;;) {
      const planned = this.plan(want);
      this.remember(want);
      if (planned === undefined) return ran;
      assert.ok(ran.length < rounds, `still ${planned.difference.reason.code}: ${ran.at(-1)?.why}`);
      ran.push(this.sim.run(planned.steps));
    }
  }
}

const adopting = (spec: ContainerSpec): ContainerSpec => ({
  ...spec,
  ...(spec.networks === "host" ? { ports: [] } : {}),
  running: true,
  adopt: own,
});
const anyAdopting = anySpec.map(adopting);

describe("a container that was made by hand", () => {
  test("is taken over as it runs, in one round, and nothing differs then", () => {
    fc.assert(
      fc.property(anyAdopting, (want) => {
        const server = new Server(want);
        const since = server.startedAt;
        const planned = server.plan(want);
        const connects = (planned?.steps ?? []).every(
          (step) => step.do === "engine" && step.path.includes("connect"),
        );
        assert.ok(connects, JSON.stringify(planned));
        assert.ok(planned === undefined || planned.difference.reason.code === "taken-over");
        server.converge(want, 1);
        assert.equal(server.sim.engine.containers.length, 1);
        assert.equal(server.startedAt, since);
        assert.doesNotMatch(JSON.stringify([planned, server.live(want)]), /value of/);
      }),
      runs,
    );
  });

  test("is taken over whatever is said of how it is asked, then and later", () => {
    const want = adopting({ ...plain, served: [{ name: "", port: 8080, path: "/up" }] });
    const server = new Server(want);
    server.converge(want, 1);
    assert.equal(server.sim.engine.containers.length, 1);
    const later = { ...want, served: [{ name: "", port: 9090, path: "/up" }] };
    assert.equal(server.plan(later), undefined);
  });

  test("is taken over with every field", () => {
    const want = adopting(full);
    const server = new Server(want);
    assert.equal(server.plan(want)?.difference.reason.code, "taken-over");
    server.converge(want, 1);
  });

  test("is made anew for what is declared otherwise, and comes back with the same", () => {
    fc.assert(
      fc.property(anyAdopting, anyAdopting, (before, want) => {
        const server = new Server(before);
        server.converge(before);
        server.converge(want, 1);
        server.converge(before, 1);
        const first = server.sim.engine.find(own);
        assert.equal(first?.id, server.id);
        assert.equal(first.status, "running");
      }),
      runs,
    );
  });

  test("comes back under its name wherever a rollout is cut or refused", () => {
    const want = adopting({ ...plain, strategy: "stop-first" });
    const next = { ...want, env: { ...want.env, GREETING: "bye" }, image: imageReference(2) };
    const fresh = (): Server => {
      const server = new Server(want);
      server.converge(want);
      return server;
    };
    const count = countSteps(fresh().plan(next)?.steps ?? []);
    assert.ok(count > 5);
    for (let at = 0; at <= count; at++) {
      for (const options of [{ cutAfter: at }, { refuseAt: at }]) {
        const server = fresh();
        const planned = server.plan(next);
        server.remember(next);
        server.sim.run(planned?.steps ?? [], options);
        server.converge(want);
        const first = server.sim.engine.find(own);
        assert.equal(first?.id, server.id, JSON.stringify(options));
        assert.equal(first.status, "running");
      }
    }
  });

  test("is let go as it is, and is nobody's then", () => {
    fc.assert(
      fc.property(anyAdopting, (want) => {
        const server = new Server(want);
        const since = server.startedAt;
        server.converge(want);
        server.converge(undefined, 1);
        const left = server.sim.engine.find(own);
        assert.equal(left?.id, server.id);
        assert.equal(left.startedAt, since);
        assert.ok([...left.networks.keys()].every((name) => !name.startsWith("slipway")));
      }),
      runs,
    );
  });

  test("that was replaced has its own name back when its app goes, and stays stopped", () => {
    const want = adopting(plain);
    const server = new Server(want);
    server.converge(want);
    server.converge({ ...want, env: {} });
    server.converge(undefined, 1);
    assert.deepEqual(
      server.sim.engine.containers.map(({ id, name, status }) => [id, name, status]),
      [[server.id, own, "exited"]],
    );
  });

  test("is made anew when it is no longer to stay as it is", () => {
    const want = adopting(plain);
    const server = new Server(want);
    server.converge(want);
    const { adopt: _, ...without } = want;
    const planned = server.plan(without);
    assert.equal(planned?.difference.action, "replace");
    assert.deepEqual(planned.difference.fields, [{ path: "adopt", live: own }]);
    server.converge(without, 1);
    assert.match(server.sim.engine.find(server.id)?.name ?? "", /-prev$/);
  });

  test("takes no place of one that we made", () => {
    const { adopt: _, ...without } = adopting(plain);
    const server = new Server(plain);
    server.converge(without);
    server.sim.engine.call(
      "POST",
      ["containers", server.id, "rename"],
      { name: "aside" },
      undefined,
    );
    const made = server.live(adopting(plain))?.containers.map((c) => c.id);
    server.sim.engine.call("POST", ["containers", server.id, "rename"], { name: own }, undefined);
    assert.deepEqual(
      server.live(adopting(plain))?.containers.map((c) => c.id),
      made,
    );
  });

  test("is taken over anew where somebody made it anew, and nothing is made beside it", () => {
    const want = adopting(plain);
    const server = new Server(want);
    server.converge(want);
    const second = server.makeAnew(want);
    assert.deepEqual(
      server.live(want)?.containers.map((c) => c.id),
      [second],
    );
    assert.notEqual(server.plan(want)?.difference.action, "create");
    server.converge(want);
    assert.deepEqual(
      server.sim.engine.containers.map(({ id }) => id),
      [second],
    );
    assert.deepEqual(Object.keys(server.records), [second]);
  });

  test("is replaced where somebody made it anew and otherwise, also beside one that failed", () => {
    const want = adopting({ ...plain, strategy: "stop-first" });
    const next = { ...want, image: imageReference(2) };
    const fresh = (): Server => {
      const server = new Server(want);
      server.converge(want);
      return server;
    };
    const count = countSteps(fresh().plan(next)?.steps ?? []);
    for (let at = 0; at <= count; at++) {
      const server = fresh();
      const planned = server.plan(next);
      server.remember(next);
      server.sim.run(planned?.steps ?? [], { refuseAt: at });
      server.converge(want);
      const second = server.makeAnew({ ...want, env: { GREETING: "hidden-value" } });
      const anew = server.plan(want);
      assert.equal(anew?.difference.action, "replace", `refused at ${at}`);
      assert.doesNotMatch(JSON.stringify(anew), /hidden-value/);
      server.converge(want);
      assert.notEqual(server.sim.engine.find(second)?.status, "running");
    }
  });

  test("that differed at first is compared as then wherever it stands", () => {
    const want = adopting({ ...plain, strategy: "stop-first" });
    const other = { ...want, env: { ...want.env, MORE: "hidden-value" } };
    const server = new Server(other);
    server.remember(want);
    const record = server.records[server.id];
    assert.deepEqual(record?.labels, {});
    server.sim.engine.call(
      "POST",
      ["containers", server.id, "rename"],
      { name: "aside" },
      undefined,
    );
    const planned = server.plan(want);
    assert.deepEqual(
      planned?.difference.fields.map(({ path }) => path),
      ["env.MORE"],
    );
    const state = server.live(want);
    assert.ok(state !== undefined);
    assert.doesNotMatch(JSON.stringify([planned, container.redact(state)]), /hidden-value/);
  });

  test("is another fleet's where that has it", () => {
    const want = adopting(plain);
    const sim = machine();
    const body = { ...byHand(want), Labels: { "slipway.fleet": "other", "slipway.app": "shop" } };
    sim.engine.call("POST", ["containers", "create"], { name: own }, body);
    const found = container.read(sim, {
      ...about,
      adopted: {},
      named: new Map([["app/container", [`shop/1 shop ${own}`]]]),
    });
    assert.deepEqual(container.clash?.(want, found.get("shop/1")), {
      text: "container web belongs to fleet other",
      needs: "app shop without 'adopt'",
    });
  });

  test("tells what differs, and nothing of what variables hold", () => {
    const want = adopting(plain);
    const server = new Server({
      ...want,
      env: { ...want.env, GREETING: "hidden-value", MORE: "x" },
    });
    const planned = server.plan(want);
    assert.equal(planned?.difference.action, "replace");
    assert.deepEqual(
      planned.difference.fields.map(({ path }) => path),
      ["env.GREETING", "env.MORE"],
    );
    const state = server.live(want);
    assert.ok(state !== undefined);
    assert.doesNotMatch(JSON.stringify([planned, container.redact(state)]), /hidden-value/);
  });
});
