import type { DeadManStep } from "../model/step.ts";
import { asFailure, StepFailure } from "./failure.ts";
import type { StepContext } from "./steps.ts";

const execMs = 20_000;
const pauseMs = 1_000;
/** A new connection that is refused so often will not be let in later. */
const fewestTries = 3;
const leastTryingMs = 5_000;
/** Before the machine helps itself there must be time to call it off. */
const marginMs = 10_000;
/** For the machine to come back after it has helped itself. */
const comingBackMs = 60_000;

/**
 * Tells the machine what to run by itself after so many seconds, and gives the file that calls it off when it is moved. By
 * systemd where that runs; else by a process of its own.
 */
const armScript = `
umask 077
root=$1 seconds=$2
shift 2
flag=$(mktemp "$root/dead-man.XXXXXX") || exit 1
fire='flag=$1; shift; ! mv -- "$flag" "$flag.fired" 2>/dev/null || "$@"; rm -f -- "$flag.fired"'
if [ -d /run/systemd/system ]; then
  systemd-run --quiet --collect --on-active="$seconds" --timer-property=AccuracySec=100ms \\
    -- sh -c "$fire" sh "$flag" "$@" >/dev/null || { rm -f -- "$flag"; exit 1; }
else
  setsid sh -c 'sleep "$1"; shift; exec sh -c "$@"' sh "$seconds" "$fire" sh "$flag" "$@" \\
    </dev/null >/dev/null 2>&1 &
fi
printf '%s\\n' "$flag"
`;

/** Ends with 1 where the machine was faster. */
const disarmScript = `mv -- "$1" "$1.off" 2>/dev/null && rm -f -- "$1.off"`;

/**
 * Runs steps that could cut us off. Throws StepFailure: what a step says; or with `isLockout` where no new connection came
 * through, and the former state was put back, by us or by the machine itself.
 */
export async function runUnderDeadMan(
  context: StepContext,
  step: DeadManStep,
  runSteps: () => Promise<void>,
): Promise<void> {
  const { clock, progress } = context;
  const ended = await context.fence(step.confirmMs + marginMs);
  const flag = await arm(context, step);
  const firesAtMs = clock.now() + step.confirmMs;
  const failure = await runSteps().then(
    () => undefined,
    (error: unknown) => asFailure(error),
  );
  if (failure?.isUnanswered !== true) {
    if (failure === undefined) {
      progress(`asks for a new connection before ${step.of} stays as it is now`);
      const why = await confirm(context, firesAtMs - marginMs);
      if (why === undefined && (await disarm(context, flag))) return ended();
      await putBack(context, step, flag, firesAtMs);
      ended();
      throw lockedOut(step, why ?? "it came too late");
    }
    await putBack(context, step, flag, firesAtMs);
    ended();
    throw failure;
  }
  await comeBack(context, firesAtMs);
  throw lockedOut(step, failure.message);
}

const lockedOut = ({ of }: DeadManStep, why: string): StepFailure =>
  new StepFailure(
    "machine",
    `${of} as declared would lock us out, and was put back as it was: no new connection came through (${why})`,
    { trouble: "access", isLockout: true },
  );

async function arm({ session }: StepContext, step: DeadManStep): Promise<string> {
  const seconds = String(Math.ceil(step.confirmMs / 1_000));
  const argv = ["sh", "-c", armScript, "sh", step.folder, seconds, ...step.restore];
  const { code, stdout, stderr } = await session.exec({ argv, timeoutMs: execMs });
  const flag = stdout.toString("utf8").trim();
  if (code === 0 && flag.startsWith(`${step.folder}/dead-man.`)) return flag;
  const said = stderr.toString("utf8").trim().slice(-300);
  throw new StepFailure(
    "machine",
    `the machine cannot be told to put back ${step.of} by itself, so nothing was changed: ${said}`,
    { trouble: "access" },
  );
}

async function disarm({ session }: StepContext, flag: string): Promise<boolean> {
  const argv = ["sh", "-c", disarmScript, "sh", flag];
  const done = await session.exec({ argv, timeoutMs: execMs }).catch(() => undefined);
  return done?.code === 0;
}

/** Undefined once a new connection has come through, else why none did. */
async function confirm(
  { session, clock }: StepContext,
  untilMs: number,
): Promise<string | undefined> {
  const startedMs = clock.now();
  for (let tries = 1; ; tries++) {
    const failure = await session.confirm().then(
      () => undefined,
      (error: unknown) => asFailure(error),
    );
    if (failure === undefined) return undefined;
    const now = clock.now();
    const isClear = tries >= fewestTries && now - startedMs >= leastTryingMs;
    if (isClear || now + pauseMs >= untilMs) return failure.message;
    await clock.sleep(pauseMs);
  }
}

/** By the connection that there still is; without one the machine does it, which is waited for. */
async function putBack(
  context: StepContext,
  step: DeadManStep,
  flag: string,
  firesAtMs: number,
): Promise<void> {
  const isOurs = await disarm(context, flag);
  if (isOurs) {
    const { session } = context;
    const argv = step.restore;
    const done = await session.exec({ argv, timeoutMs: execMs }).catch(() => undefined);
    if (done?.code === 0) return;
    const said = done?.stderr.toString("utf8").trim().slice(-300) ?? "no answer";
    throw new StepFailure("machine", `${step.of} could not be put back: ${said}`, {
      trouble: "access",
    });
  }
  await comeBack(context, firesAtMs);
}

/** Waits until the machine has helped itself and lets us in again. */
async function comeBack({ session, clock }: StepContext, firesAtMs: number): Promise<void> {
  await clock.sleep(Math.max(0, firesAtMs - clock.now()));
  const untilMs = clock.now() + comingBackMs;
  for (;;) {
    await clock.sleep(pauseMs);
    const isBack = await session.confirm().then(
      () => true,
      () => false,
    );
    if (isBack || clock.now() >= untilMs) return;
  }
}
