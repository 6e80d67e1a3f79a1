import ssh2 from "ssh2";
import type { ParsedKey } from "ssh2";
import { startDeadline, orAbort } from "../lib/deadline.ts";
import { publicKeyLines, readIdentity, UnusableKey } from "./identity.ts";
import { usableKeys, type GivenKey } from "./open.ts";

const timeoutMs = 10_000;
const mostKeys = 20;

/** The public halves of what logs in, as in `authorized_keys`: of the files, without any the agent's. Throws UnusableKey. */
export async function publicKeysOf(login: {
  readonly keys: readonly GivenKey[];
  readonly agent?: string;
}): Promise<readonly string[]> {
  const lines = publicKeyLines(readIdentity(usableKeys(login.keys)));
  if (lines.length > 0 || login.agent === undefined) return lines;
  const keys = await agentKeys(login.agent);
  return publicKeyLines({ keys: keys.slice(0, mostKeys) });
}

async function agentKeys(socket: string): Promise<readonly ParsedKey[]> {
  const deadline = startDeadline(timeoutMs);
  const answer = new Promise<readonly ParsedKey[]>((resolve, reject) => {
    ssh2.createAgent(socket).getIdentities((error, keys = []) => {
      if (error) reject(new UnusableKey(`the SSH agent: ${error.message}`, { cause: error }));
      else resolve(keys.flatMap((key) => parsedKey(key)));
    });
  });
  try {
    return await orAbort(answer, deadline.signal);
  } finally {
    deadline.end();
  }
}

/** The library's types allow for other forms than the one that an agent gives. */
const parsedKey = (key: unknown): readonly ParsedKey[] =>
  typeof key === "object" && key !== null && "getPublicSSH" in key ? [key as ParsedKey] : [];
