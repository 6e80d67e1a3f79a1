import { readBoot } from "../lib/boot.ts";
import { formatDuration } from "../lib/duration.ts";
import { mapLimit } from "../lib/parallel.ts";
import type { RebootStep } from "../model/step.ts";
import { asFailure, StepFailure } from "./failure.ts";
import type { StepContext } from "./steps.ts";
import { drainTraffic } from "./traffic/drain.ts";

const drainsAtOnce = 20;
const execMs = 30_000;
const pauseMs = 1_000;
/** For what it starts at boot, once it lets us in: a service that hangs is nobody's reason to wait for ever. */
const settlingMs = 120_000;
const otherBootCode = 3;

const rebootScript = `
known=$1
${readBoot}
[ "$boot" = "$known" ] || exit ${otherBootCode}
if [ -d /run/systemd/system ]; then systemctl reboot; else reboot; fi
`;

const lookScript = `
${readBoot}
state=up
[ ! -d /run/systemd/system ] || case $(systemctl is-system-running) in
  initializing | starting) state=starting ;;
esac
echo "slipway $boot $state"
`;

/**
 * Reboots the machine unless it is in another boot already, and waits until it lets us in again and has started what it
 * starts at boot. Throws StepFailure.
 */
export async function rebootMachine(context: StepContext, step: RebootStep): Promise<void> {
  const { clock, preempt, progress } = context;
  await context.fence(0);
  await mapLimit(step.drains, drainsAtOnce, (drain) => drainTraffic(context, drain, undefined));
  await context.fence(0);
  await command(context, step);
  progress(`reboots; it may take ${formatDuration(step.deadlineMs)} to come back`);
  const untilMs = clock.now() + step.deadlineMs;
  let backMs: number | undefined;
  for (;;) {
    await clock.sleep(pauseMs, preempt).catch(() => undefined);
    if (preempt.aborted)
      throw new StepFailure("preempted", "a newer revision takes over while it reboots");
    const seen = await look(context);
    const now = clock.now();
    if (typeof seen === "object" && seen.boot !== step.boot) {
      backMs ??= now;
      if (seen.isUp || now >= backMs + settlingMs) return;
    } else if (now >= untilMs) throw notBack(step, seen);
  }
}

/** That its connection goes with it is no failure. */
async function command({ session, reboots }: StepContext, { boot }: RebootStep): Promise<void> {
  const argv = ["sh", "-c", rebootScript, "sh", boot];
  const ended = await session.exec({ argv, timeoutMs: execMs }).catch((error: unknown) => {
    const failure = asFailure(error);
    if (failure.isUnanswered) return undefined;
    throw failure;
  });
  if (ended === undefined || ended.code === 0 || ended.code === otherBootCode) {
    reboots?.();
    return;
  }
  const said = ended.stderr.toString("utf8").trim().slice(-300);
  throw new StepFailure("machine", `it cannot be rebooted: ${said || `exit code ${ended.code}`}`, {
    trouble: "access",
  });
}

interface Boot {
  readonly boot: string;
  readonly isUp: boolean;
}

/** What a new connection finds, else why there is none. */
async function look({ session }: StepContext): Promise<Boot | string> {
  try {
    const ended = await session.confirm(["sh", "-c", lookScript]);
    const said = ended?.stdout.toString("utf8") ?? "";
    const [, boot, state] = /^slipway (\S+) (\w+)$/m.exec(said) ?? [];
    return boot === undefined
      ? "it does not tell which boot it is"
      : { boot, isUp: state === "up" };
  } catch (error) {
    return asFailure(error).message;
  }
}

const notBack = ({ deadlineMs }: RebootStep, seen: Boot | string): StepFailure => {
  const within = `within ${formatDuration(deadlineMs)}`;
  const text =
    typeof seen === "string"
      ? `it was rebooted, and is not back ${within}: ${seen}`
      : `it was told to reboot, and has not done so ${within}`;
  return new StepFailure("machine", text, { trouble: "unreachable", isUnanswered: true });
};
