import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { runUnderDeadMan } from "../../src/apply/dead-man.ts";
import { StepFailure } from "../../src/apply/failure.ts";
import type { StepContext } from "../../src/apply/steps.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { bootFleet, type Fleet } from "../fleet/fleet.ts";
import { until } from "../fleet/wait.ts";
import { liveMachine, type LiveMachine } from "../support/live-machine.ts";
import { systemsAsked } from "../support/systems.ts";

const [first = "debian-12", ...others] = systemsAsked();

/** What a shell, a unit of systemd and the shell that it starts could each take for something of their own. */
const words = ["it's", `"$HOME" %h \\ \\n;`, "[ -d / ] || exit 1\n[Install]\n", ""];

describe("what a machine is told to put back by itself", { timeout: 900_000 }, () => {
  let fleet: Fleet;

  before(async () => {
    const machines = [first, ...others].map((os) => {
      const name = os.replaceAll(".", "-");
      return { name, bare: "plain", os } as const;
    });
    fleet = await bootFleet({ machines: [...machines, "by-itself"], registry: false, git: false });
  });
  after(async () => {
    await fleet?.down();
  });

  for (const name of [first, ...others].map((os) => os.replaceAll(".", "-")).concat("by-itself"))
    test(`is put back by ${name}, whatever it is and whatever systemd reads again meanwhile`, async () => {
      const machine = await liveMachine(fleet, name);
      const on = async (...argv: string[]): Promise<string> =>
        (await fleet.machine(name).exec(argv)).stdout;
      try {
        await on("mkdir", "/put-back");
        const restore = ["sh", "-c", `printf '%s|' "$@" >/put-back/these`, "sh", ...words];
        await lost(machine, restore, () => on("systemctl", "daemon-reload"));
        const put = await until("what was put back", async () => {
          const text = await on("cat", "/put-back/these");
          return text.endsWith("||") ? text : undefined;
        });
        assert.equal(put, words.map((word) => `${word}|`).join(""));
        await until("its end", async () =>
          (await on("ls", "/put-back")) === "these\n" ? true : undefined,
        );
        // Called off it does nothing, and nothing is left of it.
        await kept(machine, ["touch", "/put-back/never"]);
        const units =
          "systemctl list-units --all --no-legend 2>/dev/null | grep 'Slipway puts back'";
        await until("its end", async () =>
          (await on("sh", "-c", `${units}; pgrep -f '[d]ead-man' || :`)) === "" ? true : undefined,
        );
        assert.equal(await on("ls", "/put-back"), "these\n");
      } finally {
        await machine.close();
      }
    });
});

const step = (restore: readonly string[], confirmMs: number) =>
  ({ do: "dead-man", of: "it", folder: "/put-back", steps: [], restore, confirmMs }) as const;

const contextOf = ({ session }: LiveMachine): StepContext =>
  ({
    session,
    clock: systemClock,
    fence: () => Promise.resolve(() => undefined),
    progress: () => undefined,
  }) as unknown as StepContext;

/** Whoever changes it loses the machine to another after this, and leaves it to help itself. */
async function lost(
  machine: LiveMachine,
  restore: readonly string[],
  work: () => Promise<unknown>,
): Promise<void> {
  const changing = runUnderDeadMan(contextOf(machine), step(restore, 1_000), async () => {
    await work();
    throw new StepFailure("fenced", "another has it");
  });
  await assert.rejects(changing, { message: "another has it" });
}

async function kept(machine: LiveMachine, restore: readonly string[]): Promise<void> {
  await runUnderDeadMan(contextOf(machine), step(restore, 5_000), () => Promise.resolve());
}
