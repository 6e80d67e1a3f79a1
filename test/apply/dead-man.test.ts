import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runUnderDeadMan } from "../../src/apply/dead-man.ts";
import { StepFailure } from "../../src/apply/failure.ts";
import type { StepContext } from "../../src/apply/steps.ts";
import type { DeadManStep } from "../../src/model/step.ts";
import { RemoteError } from "../../src/remote/session.ts";

const step: DeadManStep = {
  do: "dead-man",
  of: "the firewall",
  folder: "/f",
  steps: [],
  restore: ["restore"],
  confirmMs: 60_000,
};

/** A machine whose clock goes only where it is waited. It helps itself in a minute, and lets in again who it let in before. */
interface World {
  /** From the change on new connections are refused for so long; for good without it. */
  readonly outMs?: number;
  /** The change takes the connection with it. */
  readonly isCut?: boolean;
  /** What the change itself says. */
  readonly failure?: StepFailure;
  /** It takes our rights as well. */
  readonly isPowerless?: boolean;
  /** The same has locked us out before. */
  readonly isMarked?: boolean;
  /** The machine's own help does not let us in. */
  readonly isLost?: boolean;
}

async function tryOn({ outMs = 0, isCut, failure, isPowerless, isMarked, isLost }: World) {
  let now = 0;
  let isArmed = false;
  let isChanged = false;
  let isGone = false;
  const said: string[] = [];
  const putBack = (by: string): void => {
    said.push(`put back by ${by}`);
    isChanged = false;
  };
  const isFired = (): boolean => isArmed && now >= step.confirmMs;
  const isOut = (): boolean => isLost === true || (isChanged && now < outMs);
  const perform = (argv: readonly string[], by: string) => {
    const text = argv.join(" ");
    if (text.includes("setsid")) {
      if (isMarked === true) return 3;
      isArmed = true;
      said.push("armed");
    } else if (text.includes('"$@" || exit 1')) {
      if (isPowerless === true) return 1;
      putBack(by);
      isArmed = false;
    } else if (argv[0] === "true") return 0;
    else if (argv[0] === "touch") said.push("marked");
    else if (argv[0] === "rm") said.push("mark taken back");
    else if (text.includes(".off")) {
      isArmed = false;
      said.push("called off");
    } else assert.fail(text);
    return 0;
  };
  const session = {
    exec: ({ argv }: { argv: readonly string[] }) => {
      if (isGone) return Promise.reject(new RemoteError("web-1", "unreachable", "gone"));
      const code = perform(argv, "us");
      return Promise.resolve({
        code,
        stdout: Buffer.from("/f/dead-man.x\n"),
        stderr: Buffer.from(""),
      });
    },
    confirm: (argv: readonly string[] = []) => {
      if (isFired()) {
        isArmed = false;
        putBack("itself");
      }
      if (isOut())
        return Promise.reject(new RemoteError("web-1", "unreachable", "no answer. Advice"));
      if (argv.length > 0) perform(argv, "a new connection");
      return Promise.resolve();
    },
  } as unknown as StepContext["session"];
  const context = {
    session,
    clock: {
      now: () => now,
      sleep: (ms: number) => {
        now += ms;
        return Promise.resolve();
      },
    },
    fence: () => Promise.resolve(() => said.push("announcement ended")),
    progress: () => undefined,
  } as unknown as StepContext;
  const steps = (): Promise<void> => {
    isChanged = true;
    isGone = isCut === true;
    if (isGone)
      return Promise.reject(new RemoteError("web-1", "unreachable", "the connection is gone"));
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  const thrown = await runUnderDeadMan(context, step, steps).then(
    () => undefined,
    (error: unknown) => error as StepFailure,
  );
  return { said, thrown: thrown?.message, isLockout: thrown?.isLockout, now };
}

const forGood = Number.POSITIVE_INFINITY;

describe("steps that could cut us off", () => {
  test("stay once a new connection has come through", async () => {
    const { said, thrown } = await tryOn({});
    assert.deepEqual(said, ["armed", "called off", "announcement ended"]);
    assert.equal(thrown, undefined);
  });

  test("stay where it comes through a moment later", async () => {
    const { said } = await tryOn({ outMs: 2_000 });
    assert.deepEqual(said, ["armed", "called off", "announcement ended"]);
  });

  test("are put back over the old connection where none comes through", async () => {
    const { said, thrown, isLockout, now } = await tryOn({ outMs: forGood });
    assert.deepEqual(said, ["armed", "put back by us", "announcement ended"]);
    assert.equal(
      thrown,
      "the firewall as declared would lock us out, and was put back as it was: no answer",
    );
    assert.equal(isLockout, true);
    assert.ok(now < 10_000);
  });

  test("are put back by the machine where the old connection is gone too, which leaves a mark", async () => {
    const { said, isLockout } = await tryOn({ outMs: forGood, isCut: true });
    assert.deepEqual(said, ["armed", "put back by itself", "marked"]);
    assert.equal(isLockout, true);
  });

  test("are put back by the machine where we have lost the right to, and that is written to its record", async () => {
    const { said, isLockout } = await tryOn({ outMs: forGood, isPowerless: true });
    assert.deepEqual(said, ["armed", "put back by itself", "marked", "mark taken back"]);
    assert.equal(isLockout, true);
  });

  test("are not tried again where that mark is", async () => {
    const { said, isLockout } = await tryOn({ isMarked: true });
    assert.deepEqual([said, isLockout], [[], true]);
  });

  test("are put back over a new connection where only the old one was lost: that is no lock-out", async () => {
    const { said, thrown, isLockout } = await tryOn({ outMs: 20_000, isCut: true });
    assert.deepEqual(said, ["armed", "put back by a new connection"]);
    assert.deepEqual([thrown, isLockout], ["the connection is gone", false]);
  });

  test("are put back where they fail by themselves, which is no lock-out", async () => {
    const failure = new StepFailure("machine", "nft ended with 1");
    const { said, thrown, isLockout } = await tryOn({ failure });
    assert.deepEqual(said, ["armed", "put back by us", "announcement ended"]);
    assert.deepEqual([thrown, isLockout], ["nft ended with 1", false]);
  });

  test("leave no mark of a lock-out where they fail by themselves and the machine puts them back", async () => {
    const failure = new StepFailure("machine", "nft ended with 1");
    const { said, thrown, isLockout } = await tryOn({ failure, isPowerless: true });
    assert.deepEqual(said, ["armed", "put back by itself", "announcement ended"]);
    assert.deepEqual([thrown, isLockout], ["nft ended with 1", false]);
  });

  test("are left to the machine by who lost it to another", async () => {
    const failure = new StepFailure("fenced", "another has it");
    const { said, thrown } = await tryOn({ failure });
    assert.deepEqual([said, thrown], [["armed"], "another has it"]);
  });

  test("are told as such where the machine does not let us in again", async () => {
    const { thrown, isLockout, now } = await tryOn({ isCut: true, isLost: true });
    assert.match(thrown ?? "", /would lock us out, and the machine has not let us in again since/);
    assert.equal(isLockout, true);
    assert.ok(now < 200_000);
  });
});
