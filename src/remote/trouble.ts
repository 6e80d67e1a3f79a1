import { networkWords } from "../lib/network-words.ts";
import { fingerprint, formatHostKey, sameHostKey, type HostKey } from "./hostkey.ts";
import { publicKeyLines, type Identity } from "./identity.ts";
import { RemoteError, type Target } from "./session.ts";

/** What was known when a connection could not be made. */
export interface ConnectFailure {
  readonly target: Target;
  readonly identity: Identity;
  readonly error: Error;
  readonly timeoutMs: number;
  readonly pinned?: HostKey;
  readonly seen?: HostKey;
  readonly acceptNewHostKeys: boolean;
  /** Why the agent could not help, if so. */
  readonly agentError?: string;
}

/** The failure by what happens next: another key to pin, another login to allow, or waiting. */
export function connectTrouble(failure: ConnectFailure): RemoteError {
  const { target, error, seen, pinned } = failure;
  const where = placeOf(target);
  const trouble = (cls: RemoteError["class"], text: string): RemoteError =>
    new RemoteError(target.machine, cls, text, { cause: error });

  if (seen !== undefined && pinned !== undefined && !sameHostKey(seen, pinned)) {
    return trouble(
      "identity",
      `${where} shows another host key than the pinned one: expected ${fingerprint(pinned)}, seen ${fingerprint(seen)} ` +
        `(${formatHostKey(seen)}). A reinstalled machine has a new key, which 'slipway machine accept ${target.machine}' pins; ` +
        `anything else may be somebody in between`,
    );
  }
  if (seen !== undefined && pinned === undefined && !failure.acceptNewHostKeys) {
    return trouble(
      "identity",
      `no host key is pinned for ${where}. It shows ${fingerprint(seen)}; if that is right, write ` +
        `'hostKey: ${formatHostKey(seen)}' into machines/${target.machine}.yaml, or pass --accept-new-host-keys`,
    );
  }
  if (pinned !== undefined && /no matching host key format/i.test(error.message)) {
    return trouble(
      "identity",
      `${where} has no ${pinned.type} host key; expected ${fingerprint(pinned)}`,
    );
  }
  switch (levelOf(error)) {
    case "client-authentication":
      return trouble("access", refusedLogin(failure));
    case "client-timeout":
      return trouble("unreachable", `no answer from ${where} in ${failure.timeoutMs / 1000} s`);
    default:
      return trouble("unreachable", `${where}: ${plain(error)}`);
  }
}

/** Trouble with a jump host, as trouble with the machine behind it. */
export const throughJump = (target: Target, cause: RemoteError): RemoteError =>
  new RemoteError(target.machine, cause.class, `the jump host ${cause.machine}: ${cause.message}`, {
    cause,
  });

export const placeOf = (target: Target): string => {
  const host = target.address.includes(":") ? `[${target.address}]` : target.address;
  const through = target.jump === undefined ? "" : ` through ${target.jump.machine}`;
  return `${host}:${target.port}${through}`;
};

/** The error's own words; those of a system call without its jargon. */
export function plain(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return networkWords[code] ?? (error.message || code || "the connection failed");
}

function refusedLogin({ target, identity, agentError }: ConnectFailure): string {
  const keys = publicKeyLines(identity);
  const tried = [
    keys.length === 0 ? "" : `${keys.length} key${keys.length === 1 ? "" : "s"}`,
    identity.agent === undefined
      ? ""
      : agentError === undefined
        ? "the agent's keys"
        : `no agent (${agentError})`,
  ].filter((part) => part !== "");
  const advice =
    keys[0] === undefined
      ? ". Name a key with --ssh-key; an encrypted one needs SLIPWAY_SSH_PASSPHRASE, or an agent"
      : `. To allow it, add to ~${target.user}/.ssh/authorized_keys there: ${keys[0]}`;
  return `${placeOf(target)} refuses the login as ${target.user} (tried ${tried.join(" and ") || "no key"})${advice}`;
}

export const levelOf = (error: Error): string | undefined =>
  "level" in error && typeof error.level === "string" ? error.level : undefined;
