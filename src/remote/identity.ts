import ssh2 from "ssh2";
import type { AnyAuthMethod, ParsedKey } from "ssh2";

export interface PrivateKey {
  /** OpenSSH or PEM. */
  readonly text: string;
  readonly passphrase?: string;
  /** How messages name it: the file. */
  readonly source: string;
}

/** Who we are on the machines: parsed once, as unlocking an encrypted key takes a fifth of a second. */
export interface Identity {
  readonly keys: readonly ParsedKey[];
  /** The agent's socket. */
  readonly agent?: string;
}

/** Thrown for a key file that cannot be used. */
export class UnusableKey extends Error {
  override readonly name = "UnusableKey";
}

/** Throws UnusableKey. */
export function readIdentity(privateKeys: readonly PrivateKey[], agent?: string): Identity {
  const keys = privateKeys.map(parsePrivateKey);
  return { keys, ...(agent === undefined ? {} : { agent }) };
}

function parsePrivateKey({ text, passphrase, source }: PrivateKey): ParsedKey {
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error)
    throw new UnusableKey(`${source}: ${wordsFor(parsed.message)}`, { cause: parsed });
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || !key.isPrivateKey())
    throw new UnusableKey(`${source} holds no private key`);
  return key;
}

/** The library's messages, where a person can do something. */
function wordsFor(message: string): string {
  if (/no passphrase/i.test(message))
    return "the key is encrypted: give its passphrase in SLIPWAY_SSH_PASSPHRASE, or load it into an agent and leave out --ssh-key";
  if (/integrity check failed|bad passphrase|bad decrypt/i.test(message))
    return "the passphrase in SLIPWAY_SSH_PASSPHRASE does not open it";
  if (/unsupported key format/i.test(message)) return "it holds no SSH key that can be read";
  return message;
}

/** In the order in which they are tried: files first, then what the agent has. */
export function authMethods(identity: Identity, username: string): AnyAuthMethod[] {
  const methods: AnyAuthMethod[] = identity.keys.map((key) => ({
    type: "publickey",
    username,
    key,
  }));
  if (identity.agent !== undefined)
    methods.push({ type: "agent", username, agent: identity.agent });
  return methods;
}

/** The public halves as they stand in `authorized_keys`, for messages. */
export const publicKeyLines = (identity: Identity): string[] =>
  identity.keys.map((key) => `${key.type} ${key.getPublicSSH().toString("base64")}`);
