import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { container, type ContainerSpec } from "../../../../src/kinds/app/container.ts";
import { converge, find, planFor } from "../../../support/converge.ts";
import { countSteps, type EngineSim } from "../../../support/engine-sim.ts";
import { anySpec, full, machine, plain } from "../../../support/specs.ts";

const runs = { numRuns: 150 };

const running = (sim: EngineSim) => sim.engine.containers.filter((c) => sim.engine.isRunning(c));

/** What is left when all is done, without ids and times. */
const names = (sim: EngineSim): readonly string[] =>
  sim.engine.containers.map((c) => `${c.name} ${c.status}`).toSorted();

describe("a container", () => {
  test("as applied has no difference, in one round", () => {
    fc.assert(
      fc.property(anySpec, (want) => {
        const sim = machine();
        const done = converge(container, sim, want, { rounds: 1 });
        assert.deepEqual(
          done.map((r) => r.state),
          ["done"],
        );
        assert.equal(running(sim).length, want.running ? 1 : 0);
      }),
      runs,
    );
  });

  test("with secrets tells nobody what they hold, neither planned nor live", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (before, want) => {
        const sim = machine();
        const told = [before, want].map((spec) => {
          const planned = planFor(container, sim, spec);
          converge(container, sim, spec);
          return planned;
        });
        const live = find(container, sim, want);
        const made = sim.engine.containers.filter(({ body }) =>
          JSON.stringify(body).includes("value of"),
        );
        fc.pre(want.secretEnv !== undefined && want.running);
        assert.ok(made.length > 0, "the containers have them");
        assert.doesNotMatch(JSON.stringify([told, live]), /value of/);
      }),
      runs,
    );
  });

  test("with every field has no difference", () => {
    const sim = machine();
    sim.disk.makeFolder("/srv/media");
    converge(container, sim, full, { rounds: 1 });
  });

  test("that nobody declares and that is not there is nothing", () => {
    assert.equal(planFor(container, machine(), undefined, "shop/1"), undefined);
  });

  test("goes from any spec to any other in one round, and to nothing", () => {
    fc.assert(
      fc.property(fc.array(anySpec, { minLength: 2, maxLength: 5 }), (specs) => {
        const sim = machine();
        for (const want of specs) {
          converge(container, sim, want, { rounds: 1 });
          const live = find(container, sim, want);
          assert.equal(running(sim).length, want.running ? 1 : 0);
          const roles = live?.containers.map((c) => c.role).toSorted();
          assert.ok(roles?.filter((r) => r === "current").length === 1, String(roles));
        }
        converge(container, sim, undefined, { key: "shop/1", rounds: 1 });
        assert.deepEqual(sim.engine.containers, []);
      }),
      runs,
    );
  });

  test("cut after any step converges to what an uncut pass leaves", () => {
    fc.assert(
      fc.property(anySpec, anySpec, anySpec, fc.nat(), (before, first, want, seed) => {
        const prepared = (): EngineSim => {
          const sim = machine();
          converge(container, sim, before);
          converge(container, sim, first);
          return sim;
        };
        const whole = prepared();
        const planned = planFor(container, whole, want);
        if (planned === undefined) return;
        whole.run(planned.steps);
        const sim = prepared();
        sim.run(planned.steps, { cutAfter: seed % (countSteps(planned.steps) + 1) });
        converge(container, sim, want, { rounds: 2 });
        assert.deepEqual(names(sim), names(whole));
        // What is kept does not come back by itself when its machine restarts.
        for (const { host, name } of sim.engine.containers.filter((c) => !sim.engine.isRunning(c)))
          if (/-(prev|failed)$/.test(name))
            assert.deepEqual(host["RestartPolicy"], { Name: "no" }, name);
      }),
      { numRuns: 400 },
    );
  });

  test("that is replaced start-first always runs, whatever is cut or refused", () => {
    fc.assert(
      fc.property(anySpec, anySpec, fc.nat(), fc.boolean(), (a, b, seed, refuse) => {
        const serving = (spec: ContainerSpec): ContainerSpec => ({
          ...spec,
          running: true,
          ports: [],
          restart: "always",
        });
        const [first, want] = [serving(a), serving(b)];
        const startFirst = { ...want, strategy: "start-first" as const };
        const sim = machine();
        converge(container, sim, first);
        const planned = planFor(container, sim, startFirst);
        if (planned === undefined) return;
        const at = seed % (countSteps(planned.steps) + 1);
        const onStep = (): void => assert.ok(running(sim).length > 0, "nothing runs");
        sim.run(planned.steps, { ...(refuse ? { refuseAt: at } : { cutAfter: at }), onStep });
        for (let round = 0; round < 3; round++) {
          const next = planFor(container, sim, startFirst);
          if (next === undefined) return;
          sim.run(next.steps, { onStep });
        }
        assert.equal(planFor(container, sim, startFirst), undefined);
      }),
      { numRuns: 300 },
    );
  });

  test("that does not become healthy leaves the one before in service, and stays as evidence", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (a, b) => {
        const first = { ...a, running: true, restart: "always" as const };
        const probe = { by: "tcp" as const, port: 1 };
        const want = { ...b, running: true, probe, env: { ...b.env, NEW: "1" } };
        const sim = machine();
        converge(container, sim, first);
        const before = running(sim)[0]!;
        sim.healthy = (c) => c.id === before.id;
        sim.engine.isEnding = (c) => c.id !== before.id;
        const planned = planFor(container, sim, want)!;
        const ran = sim.run(planned.steps);
        assert.equal(ran.state, "failed");
        assert.doesNotMatch(ran.why ?? "", /the way back/);
        assert.deepEqual(
          running(sim).map((c) => c.id),
          [before.id],
        );
        assert.deepEqual(
          sim.engine.containers.map((c) => c.name).filter((n) => n.endsWith("-failed")),
          ["acme-shop-1-failed"],
        );
        converge(container, sim, first, { rounds: 1 });
        assert.deepEqual(
          running(sim).map((c) => c.id),
          [before.id],
        );
      }),
      runs,
    );
  });

  test("that was stopped for another is proven again when that one fails, and runs whatever comes of it", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (a, b) => {
        const probe = { by: "tcp" as const, port: 1 };
        const always = { running: true, probe, restart: "always" as const };
        const first = { ...a, ...always };
        const want = {
          ...b,
          ...always,
          strategy: "stop-first" as const,
          env: { ...b.env, NEW: "1" },
        };
        const sim = machine();
        converge(container, sim, first);
        const before = running(sim)[0]!;
        sim.healthy = () => false;
        assert.equal(sim.run(planFor(container, sim, want)!.steps).state, "failed");
        const back = planFor(container, sim, first)!;
        assert.equal(back.difference.reason.code, "brought-back");
        assert.equal(sim.run(back.steps).state, "failed");
        assert.deepEqual(
          running(sim).map((c) => c.id),
          [before.id],
        );
        sim.healthy = () => true;
        converge(container, sim, first, { rounds: 1 });
        assert.deepEqual(
          running(sim).map((c) => c.id),
          [before.id],
        );
      }),
      runs,
    );
  });

  test("comes back from the kept one without a new container", () => {
    const sim = machine();
    const next = { ...plain, image: full.image, env: { ...plain.env, GREETING: "bye" } };
    converge(container, sim, plain);
    const first = running(sim)[0]?.id;
    converge(container, sim, next);
    const second = running(sim)[0]?.id;
    converge(container, sim, plain, { rounds: 1 });
    assert.equal(running(sim)[0]?.id, first);
    converge(container, sim, next, { rounds: 1 });
    assert.equal(running(sim)[0]?.id, second);
    assert.equal(sim.engine.containers.length, 2);
  });

  test("keeps running through a rename of its app", () => {
    const sim = machine();
    const catalog = {
      ...plain,
      app: "catalog",
      family: "catalog",
      env: { ...plain.env, SLIPWAY_APP: "catalog" },
      networks: [{ name: "slipway-acme", aliases: ["catalog", "catalog.web-1"] }],
    };
    const shop = {
      ...plain,
      formerly: [catalog],
      networks: [{ name: "slipway-acme", aliases: ["shop", "shop.web-1"] }],
    };
    converge(container, sim, catalog);
    const id = running(sim)[0]?.id;
    assert.equal(planFor(container, sim, shop)?.difference.reason.code, "app-renamed");
    converge(container, sim, shop, { rounds: 1 });
    assert.deepEqual(
      running(sim).map((c) => c.id),
      [id],
    );
    assert.equal(find(container, sim, "catalog/1"), undefined);
    const changed = {
      ...shop,
      env: { ...shop.env, GREETING: "bye" },
      formerly: [{ ...catalog, env: { ...catalog.env, GREETING: "bye" } }],
    };
    converge(container, sim, changed, { rounds: 1 });
    assert.deepEqual(names(sim).filter((n) => n.endsWith("running")).length, 1);
    assert.ok(names(sim).includes("acme-shop-1-prev exited"));
  });

  test("shows no secret of what is live", () => {
    const sim = machine();
    const env = {
      ...plain.env,
      DB_PASSWORD: "hunter2",
      API_TOKEN: "hunter2",
      DATABASE_URL: "postgres://shop:hunter2@db:5432/shop",
    };
    converge(container, sim, { ...plain, env });
    const planned = planFor(container, sim, plain);
    assert.equal(planned?.difference.reason.code, "spec-changed");
    assert.ok(planned?.difference.fields.some((f) => f.path === "env.DB_PASSWORD"));
    assert.doesNotMatch(JSON.stringify(planned?.difference), /hunter2/);
    assert.doesNotMatch(JSON.stringify(container.redact(find(container, sim, plain)!)), /hunter2/);
  });
});
