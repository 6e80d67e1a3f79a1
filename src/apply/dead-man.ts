import { digestOf } from "../lib/hash.ts";
import type { DeadManStep } from "../model/step.ts";
import { asFailure, StepFailure } from "./failure.ts";
import type { StepContext } from "./steps.ts";

const execMs = 20_000;
const restoreMs = 40_000;
const pauseMs = 1_000;
/** A new connection that is refused so often will not be let in later. */
const fewestTries = 3;
const leastTryingMs = 5_000;
/** Before the machine helps itself there must be time to call it off: so much, or half of all. */
const longestMarginMs = 10_000;
/** For the machine to come back after it has helped itself. */
const comingBackMs = 60_000;
const triedCode = 3;
const fasterCode = 4;

/**
 * Tells the machine what to run by itself after so many seconds, and gives the file that calls it off when it is moved. By
 * systemd where that runs; else by a process of its own. Ends with 3 where the same has cut us off before. All that is run
 * stands in that file: in a unit systemd would read variables of its own into it, and not all of its versions read what they
 * wrote again at a daemon-reload: 252 not a quoted dollar, 249 not a line that begins with a bracket. Who holds the machine has
 * waited until what others armed is over: what is left of that was cut by a loss of power.
 */
const armScript = `
umask 077
root=$1 seconds=$2 mark=$3
shift 3
[ ! -e "$mark" ] || { rm -f -- "$mark"; exit ${triedCode}; }
rm -f -- "$root"/dead-man.*
quoted() { for word; do printf "'"; printf %s "$word" | sed "s/'/'\\\\\\\\''/g"; printf "' "; done; }
flag=$(mktemp "$root/dead-man.XXXXXX") || exit 1
{
  printf '%s\\n' 'mv -- "$0" "$0.fired" 2>/dev/null || exit 0' 'put_back() {' && quoted "$@" &&
    printf '\\n%s\\n' '}' 'for pause in 2 5 0; do put_back && break; sleep "$pause"; done' 'rm -f -- "$0.fired"'
} >"$flag" || { rm -f -- "$flag"; exit 1; }
if [ -d /run/systemd/system ]; then
  # Where it was called off there is nothing to run, which is no failure.
  systemd-run --quiet --collect --description="Slipway puts back what it changed" --property="SuccessExitStatus=2 127" \\
    --on-active="$seconds" --timer-property=AccuracySec=100ms -- sh "$flag" >/dev/null || { rm -f -- "$flag"; exit 1; }
else
  setsid sh -c 'sleep "$1"; [ ! -e "$2" ] || exec sh "$2"' sh "$seconds" "$flag" </dev/null >/dev/null 2>&1 &
fi
printf '%s\\n' "$flag"
`;

/** Ends with 1 where the machine was faster. */
const disarmScript = `mv -- "$1" "$1.off" 2>/dev/null && rm -f -- "$1.off"`;

/** Called off only once it is done; with 4 where the machine was faster, which does the same. */
const putBackScript = `
flag=$1
shift
"$@" || exit 1
mv -- "$flag" "$flag.off" 2>/dev/null || exit ${fasterCode}
rm -f -- "$flag.off"
`;

/**
 * Runs steps that could cut us off. Throws StepFailure: what a step says; or with `isLockout` where no new connection came
 * through, and the former state was put back, by us or by the machine itself.
 */
export async function runUnderDeadMan(
  context: StepContext,
  step: DeadManStep,
  runSteps: () => Promise<void>,
): Promise<void> {
  const { session, progress } = context;
  const confirmMs = context.trialMs ?? step.confirmMs;
  const marginMs = Math.min(longestMarginMs, confirmMs / 2);
  const ended = await context.fence(confirmMs + marginMs);
  const flag = await arm(context, step, confirmMs);
  const firesAtMs = context.clock.now() + confirmMs;
  const argv = ["sh", "-c", putBackScript, "sh", flag, ...step.restore];
  const untilMs = firesAtMs - marginMs;
  const failure = await runSteps().then(
    () => undefined,
    (error: unknown) => asFailure(error),
  );
  // Who has the machine now waits until it has helped itself.
  if (failure?.blame === "fenced") throw failure;
  if (failure?.isUnanswered === true) {
    const why = await untilLetIn(context, untilMs, true, () => session.confirm(argv));
    if (why === undefined) throw failure;
    throw await lockedOut(context, step, firesAtMs, why);
  }
  if (failure === undefined) {
    progress(`asks for a new connection before ${step.of} stays as it is now`);
    const why = await untilLetIn(context, untilMs, false, () => session.confirm());
    if (why === undefined && (await disarm(context, flag))) return ended();
    const isBack = await putBack(context, step, argv);
    if (!isBack) throw await lockedOut(context, step, firesAtMs, why ?? "it came too late");
    ended();
    throw lockout(step, why ?? "it came too late");
  }
  // That a step failed says nothing of who is let in: it is not to be taken for a lockout.
  if (!(await putBack(context, step, argv))) await comesBack(context, firesAtMs, ["true"]);
  ended();
  throw failure;
}

const lockout = ({ of }: DeadManStep, why: string, state = "was put back as it was"): StepFailure =>
  // Advice on how to be let in does not fit: as it was we were.
  new StepFailure(
    "machine",
    `${of} as declared would lock us out, and ${state}: ${why.split(". ", 1)[0]}`,
    { trouble: "access", isLockout: true },
  );

/** Waits until the machine has helped itself. */
async function lockedOut(
  context: StepContext,
  step: DeadManStep,
  firesAtMs: number,
  why: string,
): Promise<StepFailure> {
  if (await comesBack(context, firesAtMs, ["touch", markOf(step)])) {
    // Where the old connection serves again it can be written to the record.
    const argv = ["rm", "-f", "--", markOf(step)];
    await context.session.exec({ argv, timeoutMs: execMs }).catch(() => undefined);
    return lockout(step, why);
  }
  return lockout(step, why, "the machine has not let us in again since");
}

async function arm(
  { session }: StepContext,
  step: DeadManStep,
  confirmMs: number,
): Promise<string> {
  const seconds = String(Math.ceil(confirmMs / 1_000));
  const { folder, restore } = step;
  const argv = ["sh", "-c", armScript, "sh", folder, seconds, markOf(step), ...restore];
  const { code, stdout, stderr } = await session.exec({ argv, timeoutMs: execMs });
  const flag = stdout.toString("utf8").trim();
  if (code === 0 && flag.startsWith(`${folder}/dead-man.`)) return flag;
  if (code === triedCode) throw lockout(step, "no new connection came through");
  const said = stderr.toString("utf8").trim().slice(-300);
  throw new StepFailure(
    "machine",
    `the machine cannot be told to put back ${step.of} by itself, so nothing was changed: ${said}`,
    { trouble: "access" },
  );
}

/** Says that these very steps have cut us off: by then nothing could be written to the machine's record. */
const markOf = (step: DeadManStep): string =>
  `${step.folder}/locked-out-${digestOf(step).slice(0, 32)}`;

async function disarm({ session }: StepContext, flag: string): Promise<boolean> {
  const argv = ["sh", "-c", disarmScript, "sh", flag];
  const done = await session.exec({ argv, timeoutMs: execMs }).catch(() => undefined);
  return done?.code === 0;
}

/** Undefined once a new connection has come through, else why none did. */
async function untilLetIn(
  { clock }: StepContext,
  untilMs: number,
  isPatient: boolean,
  knock: () => Promise<unknown>,
): Promise<string | undefined> {
  const startedMs = clock.now();
  for (let tries = 1; ; tries++) {
    const failure = await knock().then(
      () => undefined,
      (error: unknown) => asFailure(error),
    );
    if (failure === undefined) return undefined;
    const now = clock.now();
    const isClear = !isPatient && tries >= fewestTries && now - startedMs >= leastTryingMs;
    if (isClear || now + pauseMs >= untilMs) return failure.message;
    await clock.sleep(pauseMs);
  }
}

/** By the connection that there still is; false without one, or where it has lost the right: then the machine does it. */
async function putBack(
  { session, progress }: StepContext,
  { of }: DeadManStep,
  argv: readonly string[],
): Promise<boolean> {
  const done = await session.exec({ argv, timeoutMs: restoreMs }).catch(() => undefined);
  if (done === undefined || done.code === fasterCode) return false;
  if (done.code === 0) return true;
  const said = done.stderr.toString("utf8").trim().slice(-300);
  progress(`waits until the machine itself puts back ${of}, as we cannot: ${said}`);
  return false;
}

/** Waits until the machine has helped itself and lets us in again, and has it run that; whether it does. */
async function comesBack(
  { session, clock }: StepContext,
  firesAtMs: number,
  argv: readonly string[],
): Promise<boolean> {
  await clock.sleep(Math.max(0, firesAtMs - clock.now()));
  const untilMs = clock.now() + comingBackMs;
  for (;;) {
    await clock.sleep(pauseMs);
    const isBack = await session.confirm(argv).then(
      () => true,
      () => false,
    );
    if (isBack || clock.now() >= untilMs) return isBack;
  }
}
