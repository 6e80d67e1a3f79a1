import { printableLine } from "../lib/text.ts";
import { readCertificate } from "../lib/certificate.ts";
import type { LoadStep } from "../model/certificate-step.ts";
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
  // Each by itself: of several lines at once newer versions of HAProxy take only the first.
  if (step.list !== undefined && (await say(context, step, `new ssl cert ${file}\n`)) === undefined)
    return;
  const given = await say(context, step, [`set ssl cert ${file} <<`, ...pem, "", ""].join("\n"));
  if (given === undefined || /not referenced by the configuration/i.test(given)) return;
  const isTaken = /transaction (?:created|updated)/i.test(given);
  const commit = `commit ssl cert ${file};show ssl cert ${file}\n`;
  const shown = isTaken ? ((await say(context, step, commit)) ?? "") : "";
  const isShown = hexAfter("SHA1 FingerPrint", shown) === wanted.sha1;
  if (isShown && /success!/i.test(shown)) return await enlist(context, step);
  await say(context, step, `abort ssl cert ${file}\n`);
  const words = sayable(context, isTaken ? shown : given);
  throw new StepFailure(
    "machine",
    words === "" || /too big for the buffer/.test(words)
      ? tooLong(text)
      : `the proxy does not take the certificate: ${words}`,
    { trouble: "engine" },
  );
}

/** Who asks for the host is shown it from now on. */
async function enlist(context: StepContext, step: LoadStep): Promise<void> {
  const { file, list } = step;
  if (list === undefined) return;
  const { path, host } = list;
  const isListed = async (): Promise<boolean> => {
    const listed = (await say(context, step, `show ssl crt-list ${path}\n`)) ?? "";
    return listed.split("\n").some((line) => line.split(" ")[0] === file);
  };
  if (await isListed()) return;
  const said = (await say(context, step, `add ssl crt-list ${path} <<\n${file} ${host}\n\n`)) ?? "";
  if (await isListed()) return;
  throw new StepFailure(
    "machine",
    `the proxy does not show the certificate of ${host}: ${sayable(context, said)}`,
    { trouble: "engine" },
  );
}

const sayable = ({ redact }: StepContext, text: string): string =>
  printableLine(redact(text)).trim().slice(0, 300);

/** HAProxy 2 says nothing at all to more than its buffer holds. */
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
