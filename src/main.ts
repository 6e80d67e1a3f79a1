import { homedir } from "node:os";
import { processIo } from "./cli/process-io.ts";
import { runCli } from "./cli/program.ts";
import type { Parts } from "./cli/parts.ts";

/** What commands ask for is loaded when they ask: help and validate start without SSH. */
const parts: Parts = {
  openFleet: async (login) => (await import("./remote/open.ts")).openFleet(login),
  publicKeys: async (login) => await (await import("./remote/public-keys.ts")).publicKeysOf(login),
  scanHostKey: async (address, port) =>
    await (await import("./remote/scan.ts")).scanHostKey(address, port),
  openSecrets: async (keys) =>
    (await import("./secrets/keyed-opener.ts")).keyedOpener(
      keys,
      (await import("./remote/openssh-key.ts")).readOpenSshKey,
    ),
  openIssuer: async (wish) => (await import("./acme/open.ts")).openIssuer(wish),
  ageKey: async (identity) => await (await import("./secrets/age-key.ts")).ageKey(identity),
  readIdentities: async (file, passphrase) => {
    const [{ parseIdentities }, { readOpenSshKey: readSshKey }] = await Promise.all([
      import("./secrets/parse-identities.ts"),
      import("./remote/openssh-key.ts"),
    ]);
    return await parseIdentities(file, {
      readSshKey,
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  },
};

const io = processIo(process, homedir());
process.exitCode = await runCli(process.argv.slice(2), io, parts);
