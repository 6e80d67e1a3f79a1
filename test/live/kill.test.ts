import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { bootFleet, type Fleet } from "../fleet/fleet.ts";
import { openController, type Controller } from "../support/controller.ts";
import type { CallMade, Doom } from "../support/doomed-controller.ts";
import { startController } from "../support/processes.ts";
import { makeInfra, machineFiles, type Infra } from "../support/infra.ts";
import { eventsSince, fewestServing, see, type Holding } from "../support/witness.ts";
import { sampled } from "../support/sampled.ts";

/** One way of deploying, on a machine and in a repo of its own. */
interface Deploy {
  readonly name: string;
  readonly machine: string;
  readonly tag: string;
  readonly more: string;
  readonly outcome: string;
  /** The app never went away. */
  readonly gapless: boolean;
}

const deploys: readonly Deploy[] = [
  {
    name: "start-first",
    machine: "one",
    tag: "2",
    more: "",
    outcome: "applied",
    gapless: true,
  },
  {
    name: "stop-first",
    machine: "two",
    tag: "2",
    more: "publish: ['8080:8080']\nfiles: { /etc/shop.toml: { from: shop.toml } }\n",
    outcome: "applied",
    gapless: false,
  },
  {
    name: "failing and returning",
    machine: "three",
    tag: "sick",
    more: "publish: ['8080:8080']\n",
    outcome: "reverted",
    gapless: false,
  },
];

describe("a controller that is killed at any step", { concurrency: true }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await bootFleet({ machines: deploys.map((d) => d.machine), git: false });
    const { images } = fleet;
    assert.ok(images !== undefined);
    for (const tag of ["1", "2"]) await images.push("shop", tag);
    await images.push("shop", "sick", { env: { FAIL: "health" } });
  });
  after(async () => {
    await fleet?.down();
  });

  for (const deploy of deploys) {
    test(`${deploy.name}: the next one ends where an undisturbed one does`, async (t) => {
      await using trial = await openTrial(fleet, deploy);
      const undisturbed = await trial.undisturbed();
      const points = undisturbed.calls.flatMap((call) => [
        { call, when: "before" as const },
        ...(goesOnAlone(call.text) ? [{ call, when: "after" as const }] : []),
      ]);
      for (const { call, when } of sampled(points, 6)) {
        t.diagnostic(`killed ${when} ${call.number} ${call.text}`);
        await trial.killed({ call: call.number, when }, undisturbed.holding, call.text);
      }
    });
  }
});

/** What takes the engine a while, whether or not its caller still waits. */
const goesOnAlone = (text: string): boolean => /^(lock|.*(create|start|stop))/.test(text);

async function openTrial(fleet: Fleet, deploy: Deploy) {
  const infra: Infra = await makeInfra();
  const machine = fleet.machine(deploy.machine);
  const options = { repo: infra.repo, sshKeyFile: fleet.sshKeyFile };
  let round = 0;

  const app = (tag: string, more: string): string => `
image: ${fleet.registry?.address ?? ""}/shop:${tag}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: ${tag === "sick" ? "500ms" : "60s"} }
deploy: { stopTimeout: 1s }
${more}`;
  await infra.commit("First", {
    ...machineFiles(fleet, "acme", [deploy.machine]),
    "apps/shop/app.yaml": app("1", deploy.more),
    "apps/shop/shop.toml": "x = 1\n",
    "apps/still.yaml": app("1", ""),
  });

  const by = async <T>(work: (controller: Controller) => Promise<T>): Promise<T> => {
    const controller = await openController(options);
    try {
      return await work(controller);
    } finally {
      await controller.close();
    }
  };
  /** Each round deploys something that was never there. */
  const change = async (): Promise<void> => {
    round += 1;
    const env = `env: { ROUND: "${round}" }\n`;
    await infra.commit(`Round ${round}`, {
      "apps/shop/app.yaml": app(deploy.tag, deploy.more + env),
      "apps/shop/shop.toml": `x = ${round + 1}\n`,
    });
  };
  const goBack = async (controller: Controller): Promise<void> => {
    await infra.commit(`After round ${round}`, {
      "apps/shop/app.yaml": app("1", deploy.more),
      "apps/shop/shop.toml": "x = 1\n",
    });
    const { outcome, text } = await controller.reconcile();
    assert.equal(outcome, "applied", text);
  };

  await by(async (controller) => {
    const { outcome, text } = await controller.reconcile();
    assert.equal(outcome, "applied", text);
  });
  await change();
  await startController(options).ended;
  await by(goBack);

  return {
    undisturbed: async (): Promise<{ calls: readonly CallMade[]; holding: Holding }> => {
      await change();
      const child = startController(options);
      const { outcome, said } = await child.ended;
      assert.equal(outcome?.outcome, deploy.outcome, said);
      const { holding } = await see(machine, "acme");
      await by(goBack);
      const calls = child.begun();
      return { calls, holding };
    },

    killed: async (doom: Partial<Doom>, expected: Holding, text: string): Promise<void> => {
      const told = `killed ${doom.when} ${doom.call} ${text}`;
      const sinceMs = Date.now();
      const { running } = await see(machine, "acme");
      await change();
      const child = startController({ ...options, ...doom });
      const { said } = await child.ended;
      assert.equal(child.process.signalCode, "SIGKILL", `${told}: ${said}`);
      await by(async (next) => {
        // One that the dead one's lock kept out would be incomplete: nobody waits for that long.
        const outcome = await next.reconcile();
        assert.equal(outcome.outcome, deploy.outcome, `${told}: ${JSON.stringify(outcome)}`);
        assert.deepEqual(changesOf(await next.plan()), [], told);
        const seen = await see(machine, "acme");
        assert.deepEqual(seen.holding, expected, told);
        assert.deepEqual(seen.running.get("still"), running.get("still"), told);
        assert.ok(!seen.isLocked, told);
        if (deploy.gapless) {
          const events = await eventsSince(machine, "shop", sinceMs);
          const serving = (running.get("shop") ?? []).map((line) => line.split(" ", 1)[0] ?? "");
          assert.ok(fewestServing(serving, events) > 0, `${told}: ${JSON.stringify(events)}`);
        }
        await goBack(next);
      });
    },

    [Symbol.asyncDispose]: () => infra.close(),
  };
}
