import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Context } from "./command.ts";
import type { Io } from "./io.ts";
import type { SshKey, SshLogin } from "./parts.ts";
import { UserError } from "./trouble.ts";

const usualNames = ["id_ed25519", "id_ecdsa", "id_rsa"] as const;

/** The keys that were named, else the agent's and the usual files that are there. Throws UserError. */
export async function sshLogin({ options, io }: Context): Promise<SshLogin> {
  const { sshKeys, sshPassphrase, acceptNewHostKeys } = options;
  const passphrase = sshPassphrase === undefined ? {} : { passphrase: sshPassphrase };
  const agent = io.env["SSH_AUTH_SOCK"];
  const withAgent = agent === undefined || agent === "" ? {} : { agent };
  if (sshKeys.length > 0) {
    const files = sshKeys.map((file) => resolve(io.cwd, file));
    await warnOfOpen(files, io);
    const keys = await Promise.all(
      files.map(async (source): Promise<SshKey> => ({
        source,
        text: await readKey(source),
        isGuess: false,
        ...passphrase,
      })),
    );
    return { keys, acceptNewHostKeys };
  }
  const guesses = await Promise.all(
    usualNames.map(async (name): Promise<readonly SshKey[]> => {
      const source = join(io.home, ".ssh", name);
      const text = await readFile(source, "utf8").catch(() => undefined);
      return text === undefined ? [] : [{ source, text, isGuess: true, ...passphrase }];
    }),
  );
  return { keys: guesses.flat(), ...withAgent, acceptNewHostKeys };
}

/** It is used all the same: where keys are mounted, their mode often cannot be chosen. */
async function warnOfOpen(files: readonly string[], io: Io): Promise<void> {
  for (const file of files) {
    const mode = await stat(file).then(
      (found) => (found.isFile() ? found.mode : 0),
      () => 0,
    );
    if ((mode & 0o077) !== 0)
      io.err.write(`slipway: warning: others may read the SSH key ${file}: chmod 600 ${file}\n`);
  }
}

/** What stands in the way of reading a file, in words. */
const readTroubles: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  EISDIR: "it is a folder",
  EACCES: "you may not read it",
};

async function readKey(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UserError(
      "ssh-key",
      `the SSH key ${file} cannot be read (${readTroubles[code ?? ""] ?? code})`,
    );
  }
}
