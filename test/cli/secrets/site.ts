import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import type { Parts } from "../../../src/cli/parts.ts";
import { runCli } from "../../../src/cli/program.ts";
import { readOpenSshKey } from "../../../src/remote/openssh-key.ts";
import { parseIdentities } from "../../../src/secrets/parse-identities.ts";
import { noParts, recordedIo } from "../screen.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Typed {
  /** What comes in; else nothing does. */
  readonly input?: string | Uint8Array;
  /** What is typed unseen at a terminal. */
  readonly hidden?: readonly string[];
  readonly answer?: string;
  readonly env?: Record<string, string>;
}

/** An infra repo in a folder, and the keys of those who work with it. */
export interface SecretsSite {
  readonly dir: string;
  readonly home: string;
  slipway(argv: readonly string[], typed?: Typed): Promise<Ran>;
  write(path: string, content: string | Uint8Array): Promise<void>;
  read(path: string): Promise<string>;
  /** A new key in a file below the home; the fleet's own is `acme`. */
  key(name: string): Promise<{ readonly file: string; readonly recipient: string }>;
}

const parts: Parts = {
  ...noParts,
  readIdentities: async (file, passphrase) =>
    await parseIdentities(file, {
      readSshKey: readOpenSshKey,
      ...(passphrase === undefined ? {} : { passphrase }),
    }),
};

export async function secretsSite(t: TestContext): Promise<SecretsSite> {
  const top = await mkdtemp(join(tmpdir(), "slipway-secrets-"));
  t.after(async () => await rm(top, { recursive: true, force: true }));
  const dir = join(top, "infra");
  const home = join(top, "home");
  const write = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  };
  await write("slipway.yaml", "fleet: acme\n");
  return {
    dir,
    home,
    write,
    read: async (path) => await readFile(join(dir, path), "utf8"),
    async key(name) {
      const identity = await generateX25519Identity();
      const file = join(home, ".config/slipway", `${name}.agekey`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `${identity}\n`, { mode: 0o600 });
      return { file, recipient: await identityToRecipient(identity) };
    },
    async slipway(argv, { input, hidden, answer, env = {} } = {}) {
      const io = recordedIo({
        cwd: dir,
        home,
        env,
        isTerminal: hidden !== undefined || answer !== undefined,
        ...(input === undefined ? {} : { input }),
        ...(hidden === undefined ? {} : { hidden }),
        ...(answer === undefined ? {} : { answer }),
      });
      const code = await runCli(["secrets", ...argv], io, parts);
      return { code, ...io.said() };
    },
  };
}

/** A site whose fleet has its key, which alone can read. */
export async function keyedSite(
  t: TestContext,
): Promise<SecretsSite & { readonly recipient: string }> {
  const site = await secretsSite(t);
  const { recipient } = await site.key("acme");
  await site.write(".age-recipients", `# controller\n${recipient}\n`);
  return { ...site, recipient };
}
