import { openIssuer } from "../../src/acme/open.ts";
import type { Parts } from "../../src/cli/parts.ts";
import { runCli } from "../../src/cli/program.ts";
import { openFleet } from "../../src/remote/open.ts";
import { readOpenSshKey } from "../../src/remote/openssh-key.ts";
import { publicKeysOf } from "../../src/remote/public-keys.ts";
import { scanHostKey } from "../../src/remote/scan.ts";
import { ageKey } from "../../src/secrets/age-key.ts";
import { keyedOpener } from "../../src/secrets/keyed-opener.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { recordedIo } from "../cli/screen.ts";

/** As src/main.ts has them. */
const parts: Parts = {
  openFleet: (login) => Promise.resolve(openFleet(login)),
  publicKeys: publicKeysOf,
  scanHostKey,
  openSecrets: (keys) => Promise.resolve(keyedOpener(keys, readOpenSshKey)),
  openIssuer: (wish) => Promise.resolve(openIssuer(wish)),
  ageKey,
  readIdentities: (file, passphrase) =>
    parseIdentities(file, {
      readSshKey: readOpenSshKey,
      ...(passphrase === undefined ? {} : { passphrase }),
    }),
};

/** The command line in this process: one of its own takes most of what a command takes, to start. */
export async function slipwayHere(
  argv: readonly string[],
  { env, input }: { readonly env: NodeJS.ProcessEnv; readonly input?: string },
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const io = recordedIo({
    env,
    cwd: process.cwd(),
    home: env["HOME"] ?? "/nowhere",
    ...(input === undefined ? {} : { input }),
  });
  const code = await runCli(argv, io, parts);
  const { out, err } = io.said();
  return { code: io.quits.at(0) ?? code, stdout: out, stderr: err };
}
