import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { changesOf } from "../../src/model/plan.ts";
import { bootFleet, type Fleet } from "../fleet/fleet.ts";
import { until } from "../fleet/wait.ts";
import { openController } from "../support/controller.ts";
import { watchCalls } from "../support/counting.ts";
import { machineFile } from "../support/infra.ts";
import type { Doom } from "../support/doomed-controller.ts";
import { startController } from "../support/processes.ts";
import { sampled } from "../support/sampled.ts";
import { siteOn, type Site } from "../support/site.ts";

/** A machine that is to put something back by itself does it after so long: nobody wants to wait for a minute. */
const trialMs = 12_000;

/** The one counts its minute by systemd, the other by a process. */
const machines = ["systemd", "process"] as const;

describe("a trial that nobody calls off", { concurrency: true, timeout: 600_000 }, () => {
  let fleet: Fleet;

  before(async () => {
    fleet = await bootFleet({
      machines: [{ name: "systemd", bare: "engine", deploy: true }, "process"],
    });
  });
  after(async () => {
    await fleet?.down();
  });

  for (const machine of machines) {
    test(`is put back by the machine: ${machine}`, async (t) => {
      const site = await siteOn(fleet, [machine]);
      const tried = stageOn(fleet, site, machine);
      try {
        const points = await tried.points();
        await t.test("where the old connection is gone too", () => tried.whereAllIsCut());
        await t.test("where we are root no more", () => tried.whereTheRightGoes());
        await t.test("where the controller is killed meanwhile", () => tried.whereItLocksOut());
        for (const point of sampled(points, 8))
          await t.test(`where it is killed ${point.when} ${point.call} ${point.text}`, () =>
            tried.killed(point),
          );
      } finally {
        await site.close();
      }
    });
  }
});

interface Point {
  readonly call: number;
  readonly when: "before" | "after";
  readonly text: string;
}

function stageOn(fleet: Fleet, site: Site, machine: string) {
  const run = async (script: string): Promise<string> =>
    (await fleet.machine(machine).exec(["sh", "-c", script])).stdout.trim();
  const files = (): Promise<string> =>
    run("cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null");
  const declare = async (sshd: string, trailer = ""): Promise<string> =>
    await site.commit(`sshd${trailer}`, {
      [`machines/${machine}.yaml`]: machineFile(fleet, machine, sshd),
    });
  /** What a trial needs while it goes on. */
  const leftOvers = (): Promise<string> =>
    run("ls /var/lib/slipway/acme | grep -e dead-man -e locked-out");
  const cutSessions = (): Promise<string> =>
    run(
      'for p in /proc/[0-9]*; do case $(tr "\\0" " " <"$p/cmdline" 2>/dev/null) in "sshd: root"* | "sshd-session: root"*) kill "${p#/proc/}" ;; esac; done',
    );
  let round = 0;
  let arming = 0;
  const another = async (): Promise<void> => {
    round += 1;
    await declare(`sshd: { MaxStartups: ${20 + round} }\n`);
  };
  const isSet = async (): Promise<void> =>
    assert.match(await run("/usr/sbin/sshd -T"), new RegExp(`^maxstartups ${20 + round}:`, "m"));

  return {
    whereAllIsCut: async (): Promise<void> => {
      const former = await files();
      const declared = await declare("sshd: { AllowUsers: nobody }\n");
      let isArmed = false;
      const controller = await openController({ ...site.options, trialMs }, (remote) =>
        watchCalls(remote, async ({ text }, work) => {
          const done = await work();
          if (isArmed) await cutSessions();
          isArmed = text.includes("locked-out-");
          return done;
        }),
      );
      try {
        const outcome = await controller.reconcile();
        assert.equal(outcome.outcome, "reverted", JSON.stringify(outcome));
        assert.match(
          outcome.text,
          /sshd as declared would lock us out, and was put back as it was/,
        );
      } finally {
        await controller.close();
      }
      assert.equal(await files(), former);
      const told = await run("stat -c %Y /run/sshd.pid");
      const next = await site.reconcile();
      assert.equal(next.outcome, "reverted", JSON.stringify(next));
      const last = await site.reconcile();
      assert.match(JSON.stringify(last.held), /needs another declaration, or Slipway-Retry/);
      assert.equal(await run("stat -c %Y /run/sshd.pid"), told);
      assert.equal(await leftOvers(), "");
      await site.infra.revert(declared);
      await site.settle();
      assert.equal(await files(), former);
    },

    whereTheRightGoes: async (): Promise<void> => {
      const file = (more: string): string =>
        machineFile(fleet, machine, `ssh: { user: deploy }\n${more}`);
      const place = `machines/${machine}.yaml`;
      const before = await site.commit("As deploy", { [place]: file("") });
      await site.settle();
      const declared = await site.commit("Nobody is root", {
        [place]: file("files: { /etc/sudoers.d/zz-nobody: nobody }\n"),
        "machines/nobody": "deploy ALL=(ALL) !ALL\n",
      });
      const outcome = await site.reconcile(undefined, { trialMs });
      assert.equal(outcome.outcome, "reverted", JSON.stringify(outcome));
      assert.match(
        outcome.text,
        /\/etc\/sudoers\.d\/zz-nobody as declared would lock us out, and was put back as it was/,
      );
      assert.equal(await run("ls /etc/sudoers.d | grep zz"), "");
      assert.equal((await site.reconcile()).changes, 0);
      await site.infra.revert(declared);
      await site.settle();
      await site.infra.revert(before);
      await site.settle();
    },

    whereItLocksOut: async (): Promise<void> => {
      const former = await files();
      const declared = await declare("sshd: { AllowUsers: nobody }\n");
      const { said, signal } = await doomed({
        call: arming + 1,
        when: "after",
      });
      assert.equal(signal, "SIGKILL", said);
      await until(
        "sshd has read it",
        async () =>
          (await run("cat /var/lib/slipway/acme/before/sshd/told")).includes("nobody") || undefined,
      );
      assert.equal((await site.reconcile()).outcome, "incomplete");
      await until("it is back as it was", async () => (await files()) === former || undefined);
      await until("nothing of it is left", async () => (await leftOvers()) === "" || undefined);
      const outcome = await site.reconcile();
      assert.equal(outcome.outcome, "reverted", JSON.stringify(outcome));
      assert.equal(await files(), former);
      await site.infra.revert(declared);
      await site.settle();
    },

    /** From telling the machine until after it was called off. */
    points: async (): Promise<readonly Point[]> => {
      await another();
      await site.settle();
      await another();
      const { begun, outcome, said } = await doomed({});
      assert.equal(outcome?.outcome, "applied", said);
      await isSet();
      const first = begun.findIndex(({ text }) => text.includes("locked-out-"));
      const trial = begun.slice(first, first + 4);
      arming = trial[0]?.number ?? 0;
      return trial.flatMap(({ number, text }) =>
        (["before", "after"] as const).map((when) => ({
          call: number,
          when,
          text,
        })),
      );
    },

    killed: async ({ call, when }: Point): Promise<void> => {
      await another();
      const { said, signal } = await doomed({ call, when });
      assert.equal(signal, "SIGKILL", said);
      const outcome = await site.reconcile();
      assert.equal(outcome.outcome, "applied", JSON.stringify(outcome));
      assert.deepEqual(changesOf(await site.by((controller) => controller.plan())), []);
      await isSet();
      assert.equal(await leftOvers(), "");
    },
  };

  async function doomed(doom: Pick<Doom, "call" | "when">) {
    const child = startController({
      ...site.options,
      trialMs,
      ...doom,
      afterMs: 100,
    });
    const ended = await child.ended;
    return { ...ended, begun: child.begun(), signal: child.process.signalCode };
  }
}
