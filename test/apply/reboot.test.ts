import assert from "node:assert/strict";
import { test } from "node:test";
import type { StepFailure } from "../../src/apply/failure.ts";
import { rebootMachine } from "../../src/apply/reboot.ts";
import type { StepContext } from "../../src/apply/steps.ts";
import { RemoteError } from "../../src/remote/session.ts";

interface Machine {
  /** What the command to reboot comes to; "cut": the connection goes with it. */
  readonly ends?: { readonly code: number; readonly stderr?: string } | "cut";
  /** What new connections find, one second after another; the last for ever. */
  readonly finds: readonly string[];
  /** Seconds after which a newer revision takes over. */
  readonly preemptAfter?: number;
}

async function tried({ ends = "cut", finds, preemptAfter = Infinity }: Machine) {
  const preempt = new AbortController();
  let now = 0;
  let looks = 0;
  const output = (stdout: string, code = 0, stderr = "") => ({
    code,
    stdout: Buffer.from(stdout),
    stderr: Buffer.from(stderr),
  });
  const session = {
    exec: ({ argv }: { argv: readonly string[] }) => {
      // Disks are written by the shutdown itself, which has no limit as the command has.
      assert.doesNotMatch(argv.join("\n"), /^\s*sync\b/m);
      return ends === "cut"
        ? Promise.reject(new RemoteError("web-1", "unreachable", "the connection is gone"))
        : Promise.resolve(output("", ends.code, ends.stderr));
    },
    confirm: () => {
      const found = finds[Math.min(looks, finds.length - 1)] ?? "";
      looks += 1;
      return found === ""
        ? Promise.reject(new RemoteError("web-1", "unreachable", "connection refused"))
        : Promise.resolve(output(`slipway ${found}\n`));
    },
  };
  const context = {
    session,
    clock: {
      now: () => now,
      sleep: (ms: number) => {
        now += ms;
        if (now >= preemptAfter * 1_000) preempt.abort();
        return Promise.resolve();
      },
    },
    preempt: preempt.signal,
    fence: () => Promise.resolve(() => undefined),
    progress: () => undefined,
  } as unknown as StepContext;
  const step = { do: "reboot", boot: "a.1", deadlineMs: 600_000, drains: [] } as const;
  const failure = await rebootMachine(context, step).then(
    () => undefined,
    (error: unknown) => error as StepFailure,
  );
  return {
    looks,
    seconds: now / 1_000,
    ...(failure === undefined ? {} : { blame: failure.blame, text: failure.message }),
  };
}

test("a machine is waited for until it is in another boot and has started what it starts", async () => {
  const finds = ["a.1 up", "", "", "b.2 starting", "b.2 starting", "b.2 up"];
  assert.deepEqual(await tried({ finds }), { looks: 6, seconds: 6 });
});

test("one that is in another boot already is not rebooted again", async () => {
  assert.deepEqual(await tried({ ends: { code: 3 }, finds: ["b.2 up"] }), { looks: 1, seconds: 1 });
});

test("what never ends to start is waited for two minutes", async () => {
  assert.deepEqual(await tried({ finds: ["b.2 starting"] }), { looks: 121, seconds: 121 });
});

test("one that does not come back is its own trouble, after its deadline", async () => {
  const { blame, text, seconds } = await tried({ finds: [""] });
  assert.equal(blame, "machine");
  assert.equal(text, "it was rebooted, and is not back within 10m: connection refused");
  assert.equal(seconds, 600);
});

test("one that does as if nothing had been said is told as that", async () => {
  const { text } = await tried({ ends: { code: 0 }, finds: ["a.1 up"] });
  assert.equal(text, "it was told to reboot, and has not done so within 10m");
});

test("one that cannot be rebooted says why, and is not waited for", async () => {
  const { text, looks } = await tried({
    ends: { code: 127, stderr: "reboot: not found\n" },
    finds: ["a.1 up"],
  });
  assert.deepEqual([text, looks], ["it cannot be rebooted: reboot: not found", 0]);
});

test("a newer revision waits for nobody's boot", async () => {
  const { blame, seconds } = await tried({ finds: [""], preemptAfter: 5 });
  assert.deepEqual([blame, seconds], ["preempted", 5]);
});
