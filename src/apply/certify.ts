import { mapLimit } from "../lib/parallel.ts";
import type { CertificateWish, Issuer } from "../model/issuer.ts";
import { Secret } from "../model/secret.ts";
import { sayNotIssued } from "../model/saying.ts";
import type { CertifyStep } from "../model/certificate-step.ts";
import { RemoteError, type Session } from "../remote/session.ts";
import { StepFailure } from "./failure.ts";
import type { StepContext } from "./steps.ts";

/** What certifying needs besides the machine: who issues, and the machines that are held. */
export interface Certifying {
  readonly issuer: Issuer;
  /** Undefined: not held. */
  session(machine: string): Session | undefined;
}

const machinesAtOnce = 20;
const talkMs = 10_000;
const maxFileBytes = 256 * 1024;

export async function certify(context: StepContext, step: CertifyStep): Promise<void> {
  const { certifying } = context;
  if (certifying === undefined)
    throw new StepFailure("machine", "certificates are not issued from here", {
      trouble: "access",
    });
  const text =
    step.by === "stand-in"
      ? certifying.issuer.standIn(step.hosts)
      : await obtained(context, certifying, step);
  // What took its time may have cost the lock.
  await context.fence(0);
  await context.session.put({ path: step.path, content: text.reveal(), mode: "0600" });
}

async function obtained(
  context: StepContext,
  { issuer, session }: Certifying,
  step: CertifyStep & { readonly by: "authority" },
): Promise<Secret> {
  const { hosts, authority, machines, timeoutMs } = step;
  const { socket, map } = step.answers;
  const sessions = machines.flatMap((machine) => session(machine) ?? []);
  const others = sessions.filter(({ machine }) => machine !== context.session.machine);
  const wish: CertificateWish = {
    hosts,
    authority,
    timeoutMs,
    signal: context.preempt,
    elsewhere: async () => {
      const found = await mapLimit(others, machinesAtOnce, async (other) => {
        const texts = await Promise.all(step.elsewhere.map((path) => read(other, path)));
        return texts.flatMap((text) => text ?? []);
      });
      return found.flat();
    },
    answer: async (token, keyAuthorization) => {
      const command = `add map ${map} ${token} ${keyAuthorization}`;
      const troubles = await tell(sessions, socket, command);
      if (troubles.length < sessions.length) {
        if (troubles.length > 0) context.progress(`not all answer: ${troubles.join("; ")}`);
        return;
      }
      const why = troubles[0] ?? "no machine of its route is held";
      throw new RemoteError(context.session.machine, "network", `no proxy answers: ${why}`);
    },
    unanswer: async (token) => {
      await tell(sessions, socket, `del map ${map} ${token}`);
    },
  };
  const found = await issuer.obtain(wish).catch((error: unknown) => {
    if (context.preempt.aborted)
      throw new StepFailure("preempted", "a newer revision takes over", { cause: error });
    if (error instanceof RemoteError) return { trouble: error.message };
    throw error;
  });
  if (found instanceof Secret) return found;
  throw new StepFailure("machine", sayNotIssued(step, found.trouble), { trouble: "certificate" });
}

/** What went wrong, one line for each machine. */
async function tell(
  sessions: readonly Session[],
  path: string,
  command: string,
): Promise<readonly string[]> {
  const said = await mapLimit(sessions, machinesAtOnce, async (session) => {
    const said = await session
      .talk({ path, text: `${command}\n`, timeoutMs: talkMs })
      .catch((error: unknown) => {
        if (error instanceof RemoteError) return error.message;
        throw error;
      });
    return said.trim() === "" ? [] : [`${session.machine}: ${said.trim()}`];
  });
  return said.flat();
}

/** What cannot be had there is had from the authority. */
async function read(session: Session, path: string): Promise<Secret | undefined> {
  const argv = ["sh", "-c", '[ ! -f "$1" ] || cat -- "$1"', "sh", path];
  try {
    const { code, stdout } = await session.exec({
      argv,
      timeoutMs: talkMs,
      maxBytes: maxFileBytes,
    });
    return code === 0 && stdout.length > 0 ? new Secret(path, stdout) : undefined;
  } catch (error) {
    if (error instanceof RemoteError) return undefined;
    throw error;
  }
}
