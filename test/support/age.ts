import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { generateHybridIdentity, generateX25519Identity } from "age-encryption";
import { readOpenSshKey } from "../../src/remote/openssh-key.ts";
import type { Identities } from "../../src/secrets/identities.ts";
import { open, type Opened } from "../../src/secrets/open.ts";
import {
  parseIdentities,
  type IdentityFailure,
  type ParsedIdentities,
} from "../../src/secrets/parse-identities.ts";
import { parseRecipients, type Recipient } from "../../src/secrets/recipients.ts";

/** A key of each sort, of ours. */
export interface Pair {
  readonly identities: Identities;
  readonly recipients: readonly Recipient[];
}

export const agePair = async (): Promise<Pair> => await pairOf(await generateX25519Identity());
export const hybridPair = async (): Promise<Pair> => await pairOf(await generateHybridIdentity());

export async function pairOf(identity: string, passphrase?: string): Promise<Pair> {
  const identities = identitiesIn(
    await parseIdentities(identity, {
      readSshKey: readOpenSshKey,
      ...(passphrase === undefined ? {} : { passphrase }),
    }),
  );
  return { identities, recipients: recipientsIn(identities.recipients.join("\n")) };
}

export function identitiesIn(parsed: ParsedIdentities): Identities {
  assert("identities" in parsed, JSON.stringify(parsed));
  return parsed.identities;
}

export function identityFailure(parsed: ParsedIdentities): IdentityFailure {
  assert("failure" in parsed, "the identities were read");
  return parsed.failure;
}

export function recipientsIn(text: string): readonly Recipient[] {
  const { recipients, findings } = parseRecipients(text);
  assert.deepEqual(findings, []);
  return recipients;
}

/** What it held, as text; or why it stays closed. */
export const told = (opened: Opened): string =>
  "failure" in opened ? opened.failure.reason : Buffer.from(opened.bytes).toString();

export const openedText = async (
  ciphertext: string | Uint8Array,
  identities: Identities,
): Promise<string> => told(await open(ciphertext, identities));

/** A folder of the test, with the programs of age and SSH at work in it. */
export interface AgeFolder {
  path(name: string): string;
  write(name: string, content: string | Uint8Array): Promise<void>;
  read(name: string): Promise<Buffer>;
  run(argv: readonly string[], input?: string | Uint8Array): Promise<Buffer>;
  /** The same at a terminal, where a passphrase is typed each time it is asked for. */
  typing(argv: readonly string[], passphrase: string): Promise<void>;
  /** A new key of SSH; the public one is in `<name>.pub`. */
  sshKey(name: string, passphrase?: string): Promise<string>;
}

export async function ageFolder(t: TestContext): Promise<AgeFolder> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-age-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = (name: string): string => join(folder, name);
  const run = (argv: readonly string[], input: string | Uint8Array = ""): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const [program = "", ...rest] = argv;
      const options = { cwd: folder, encoding: "buffer", timeout: 30_000 } as const;
      const child = execFile(program, rest, options, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
      child.stdin?.on("error", () => {}); // it may end without reading
      child.stdin?.end(input);
    });
  return {
    path,
    run,
    write: async (name, content) => await writeFile(path(name), content, { mode: 0o600 }),
    read: async (name) => await readFile(path(name)),
    typing: async (argv, passphrase) => await typeAt(folder, argv, passphrase),
    async sshKey(name, passphrase = "") {
      await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", name]);
      return (await readFile(path(name))).toString();
    },
  };
}

/** `script` makes the terminal that age insists on. */
async function typeAt(folder: string, argv: readonly string[], passphrase: string): Promise<void> {
  const command = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: folder, timeout: 60_000 });
  let said = "";
  let answered = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    const asked = said.match(/passphrase[^\n]*: /gi)?.length ?? 0;
    for (; answered < asked; answered++) child.stdin.write(`${passphrase}\n`);
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, said);
}
