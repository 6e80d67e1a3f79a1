import { canonicalJson } from "../lib/json.ts";
import { createSemaphore } from "../lib/semaphore.ts";
import { backOffMs } from "./backoff.ts";
import { formatHostKey, type HostKey } from "./hostkey.ts";
import { readIdentity, type PrivateKey } from "./identity.ts";
import { checkLogin, openMachine, warmUp } from "./machine.ts";
import {
  RemoteError,
  type CommandResult,
  type Fleet,
  type Session,
  type Target,
} from "./session.ts";
import { connect, type Connection } from "./ssh.ts";
import { throughJump } from "./trouble.ts";

export interface FleetOptions {
  readonly privateKeys: readonly PrivateKey[];
  /** The SSH agent's socket. */
  readonly agent?: string;
  readonly acceptNewHostKeys?: boolean;
  readonly connectTimeoutMs?: number;
  readonly keepaliveMs?: number;
  /** Over all machines. */
  readonly maxHandshakes?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

/** The way to one machine, and what is known of how it fared. */
interface Line {
  readonly target: string;
  connection?: Promise<Connection> | undefined;
  session?: Promise<Session> | undefined;
  failures: number;
  failure?: { readonly error: RemoteError; readonly until: number } | undefined;
}

/** Throws UnusableKey. */
export function createFleet(options: FleetOptions): Fleet {
  const { acceptNewHostKeys = false, connectTimeoutMs = 10_000, keepaliveMs = 5_000 } = options;
  const { now = () => performance.now(), random = Math.random } = options;
  const identity = readIdentity(options.privateKeys, options.agent);
  const handshakes = createSemaphore(options.maxHandshakes ?? 20);
  const lines = new Map<string, Line>();
  const accepted = new Map<string, { readonly at: string; readonly key: HostKey }>();
  let closed = false;

  const lineTo = (target: Target): Line => {
    const text = canonicalJson(target);
    const known = lines.get(target.machine);
    if (known?.target === text) return known;
    // Declared otherwise by now: neither its connection nor its failures count.
    if (known?.connection !== undefined) void closeQuietly(known.connection);
    const line: Line = { target: text, failures: 0 };
    lines.set(target.machine, line);
    return line;
  };

  const fail = (line: Line, error: unknown): void => {
    if (!(error instanceof RemoteError)) return;
    line.failures += 1;
    line.failure = { error, until: now() + backOffMs(line.failures, random()) };
  };

  const succeed = (line: Line): void => {
    line.failures = 0;
    line.failure = undefined;
  };

  const refuseTooSoon = (line: Line, fresh: boolean): void => {
    if (line.failure !== undefined && !fresh && now() < line.failure.until)
      throw line.failure.error;
  };

  const jumpVia = async (target: Target, jump: Target, fresh: boolean): Promise<Connection> => {
    try {
      const connection = await connectionTo(jump, fresh);
      await warmUp(connection);
      succeed(lineTo(jump));
      return connection;
    } catch (error) {
      throw error instanceof RemoteError ? throughJump(target, error) : error;
    }
  };

  const dial = async (target: Target, fresh: boolean): Promise<Connection> => {
    const through =
      target.jump === undefined ? undefined : await jumpVia(target, target.jump, fresh);
    const at = `${target.address}:${target.port}`;
    const before = accepted.get(target.machine);
    const leave = await handshakes.enter();
    try {
      const connection = await connect(target, {
        identity,
        acceptNewHostKeys,
        connectTimeoutMs,
        keepaliveMs,
        ...(before?.at === at ? { seenBefore: before.key } : {}),
        ...(through === undefined ? {} : { through }),
      });
      if (target.hostKey === undefined)
        accepted.set(target.machine, { at, key: connection.hostKey });
      return connection;
    } finally {
      leave();
    }
  };

  const connectionTo = (target: Target, fresh: boolean): Promise<Connection> => {
    const line = lineTo(target);
    if (line.connection !== undefined) return line.connection;
    refuseTooSoon(line, fresh);
    const opening = dial(target, fresh);
    line.connection = opening;
    const drop = (): void => {
      if (line.connection === opening) line.connection = undefined;
    };
    opening.then(
      ({ gone }) => {
        if (gone.aborted) drop();
        gone.addEventListener("abort", drop, { once: true });
      },
      (error: unknown) => {
        fail(line, error);
        drop();
      },
    );
    return opening;
  };

  const confirm = async (
    target: Target,
    argv?: readonly string[],
  ): Promise<CommandResult | undefined> => {
    const connection = await dial(target, true);
    try {
      return await checkLogin(connection, argv);
    } finally {
      await connection.close();
    }
  };

  const open = async (line: Line, target: Target, fresh: boolean): Promise<Session> => {
    const connection = await connectionTo(target, fresh);
    try {
      const session = await openMachine(connection, (argv) => confirm(target, argv));
      succeed(line);
      return session;
    } catch (error) {
      fail(line, error);
      await connection.close();
      throw error;
    }
  };

  const sessionOn = (target: Target, fresh: boolean): Promise<Session> => {
    const line = lineTo(target);
    if (line.session !== undefined) return line.session;
    refuseTooSoon(line, fresh);
    const opening = open(line, target, fresh);
    line.session = opening;
    const drop = (): void => {
      if (line.session === opening) line.session = undefined;
    };
    opening.then(({ gone }) => {
      if (gone.aborted) drop();
      gone.addEventListener("abort", drop, { once: true });
    }, drop);
    return opening;
  };

  return {
    session: async (target, { fresh = false } = {}) => {
      if (closed)
        throw new RemoteError(target.machine, "unreachable", "all connections were closed");
      return sessionOn(target, fresh);
    },
    seenHostKey: (machine) => {
      const seen = accepted.get(machine);
      return seen === undefined ? undefined : formatHostKey(seen.key);
    },
    close: async () => {
      closed = true;
      const connections = [...lines.values()]
        .map((line) => line.connection)
        .filter((c) => c !== undefined);
      await Promise.all(connections.map(closeQuietly));
    },
  };
}

async function closeQuietly(connection: Promise<Connection>): Promise<void> {
  const opened = await connection.catch(() => undefined);
  await opened?.close();
}
