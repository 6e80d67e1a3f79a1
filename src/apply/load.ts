import { printableLine } from "../lib/text.ts";
import { readCertificate } from "../lib/certificate.ts";
import type { LoadStep } from "../model/step.ts";
import { RemoteError } from "../remote/session.ts";
import { StepFailure } from "./failure.ts";
import type { StepContext } from "./steps.ts";

const maxFileBytes = 256 * 1024;

/** Gives the proxy a certificate in its next requests' place, and reads back which it shows then. */
export async function loadCertificate(context: StepContext, step: LoadStep): Promise<void> {
  const { path, file, timeoutMs } = step;
  const read = await context.session.exec({
    argv: ["cat", "--", path],
    timeoutMs,
    maxBytes: maxFileBytes,
  });
  const text = read.stdout.toString("utf8");
  const wanted = readCertificate(text);
  if (read.code !== 0 || wanted === undefined)
    throw new StepFailure("machine", `${path} holds no certificate`, { trouble: "disk" });
  // An empty line would end what is given with the command.
  const pem = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const given = [`set ssl cert ${file} <<`, ...pem, ""].join("\n");
  const shown = `commit ssl cert ${file}\nshow ssl cert ${file}\n`;
  const answer = await say(context, step, `${given}\n${shown}`);
  if (answer === undefined || /not referenced by the configuration/i.test(answer)) return;
  const isShown = hexAfter("SHA1 FingerPrint", answer) === wanted.sha1;
  if (isShown && /success!/i.test(answer)) return;
  await say(context, step, `abort ssl cert ${file}\n`);
  const words = printableLine(context.redact(answer)).trim().slice(0, 300);
  throw new StepFailure(
    "machine",
    words === "" ? tooLong(text) : `the proxy does not take the certificate: ${words}`,
    { trouble: "engine" },
  );
}

/** HAProxy says nothing at all to more than its buffer holds. */
const tooLong = (text: string): string =>
  `the proxy does not take the certificate of ${text.length} bytes with its chain: more than tune.bufsize is too long`;

/** Undefined where no proxy runs: it reads the file when it starts. */
async function say(
  { session }: StepContext,
  { socket, timeoutMs }: LoadStep,
  text: string,
): Promise<string | undefined> {
  try {
    return await session.talk({ path: socket, text, timeoutMs });
  } catch (error) {
    if (error instanceof RemoteError && error.class === "network") return undefined;
    throw error;
  }
}

const hexAfter = (word: string, answer: string): string | undefined =>
  new RegExp(`^${word}: ([0-9A-F]+)$`, "m").exec(answer)?.[1]?.toLowerCase();
