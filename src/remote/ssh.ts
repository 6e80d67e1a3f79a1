import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import ssh2 from "ssh2";
import type { AlgorithmList, Client, ClientChannel, KexAlgorithm } from "ssh2";
import { startDeadline } from "../lib/deadline.ts";
import {
  ChannelRefused,
  ChannelSocket,
  openChannel,
  watchExit,
  type CommandChannel,
  type OpenChannel,
} from "./channel.ts";
import { gathered } from "./gathered.ts";
import {
  hostKeyAlgorithms,
  hostKeyOf,
  parseHostKey,
  sameHostKey,
  type HostKey,
} from "./hostkey.ts";
import { authMethods, type Identity } from "./identity.ts";
import { RemoteError, type Target } from "./session.ts";
import { connectTrouble, levelOf, placeOf, plain } from "./trouble.ts";

export interface ConnectOptions {
  readonly identity: Identity;
  readonly acceptNewHostKeys: boolean;
  /** A key seen before on an unpinned machine: from then on it is as good as pinned. */
  readonly seenBefore?: HostKey;
  /** From the first packet until the login is accepted. */
  readonly connectTimeoutMs: number;
  /** Three of these without an answer, and the connection counts as gone. */
  readonly keepaliveMs: number;
  /** The jump host's connection. */
  readonly through?: Connection;
}

/** An SSH connection that is logged in. All its channels end with it. */
export interface Connection {
  readonly target: Target;
  readonly hostKey: HostKey;
  /** Aborts when the connection is gone; the reason is the RemoteError that says why. */
  readonly gone: AbortSignal;
  /** A session channel that runs this command line. `closed`: see Opening. */
  openSession(line: string, signal: AbortSignal, closed: () => void): Promise<CommandChannel>;
  openUnixSocket(path: string, signal: AbortSignal): Promise<ChannelSocket>;
  openTcp(host: string, port: number, signal: AbortSignal): Promise<ChannelSocket>;
  close(): Promise<void>;
}

/** Rejects with RemoteError of class unreachable, identity or access. */
export async function connect(target: Target, options: ConnectOptions): Promise<Connection> {
  const { identity, acceptNewHostKeys, through, connectTimeoutMs } = options;
  const pinned = pinnedKey(target) ?? options.seenBefore;
  const client = new ssh2.Client();
  const socket = gathered(
    through === undefined
      ? openSocket(target)
      : await openThrough(target, through, connectTimeoutMs),
  );
  let seen: HostKey | undefined;
  let agentError: string | undefined;

  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      // ssh2 goes on to the next way of logging in.
      if (levelOf(error) === "agent") {
        agentError = error.message;
        return;
      }
      client.destroy();
      socket.destroy();
      reject(
        connectTrouble({
          target,
          identity,
          error,
          timeoutMs: connectTimeoutMs,
          acceptNewHostKeys,
          ...(pinned === undefined ? {} : { pinned }),
          ...(seen === undefined ? {} : { seen }),
          ...(agentError === undefined ? {} : { agentError }),
        }),
      );
    };
    client.once("ready", resolve);
    // Stays for the connection's life: a late error without a listener would end the process.
    client.on("error", fail);
    client.once("close", () => fail(new Error("the connection was closed before the login")));
    client.connect({
      sock: socket,
      username: target.user,
      authHandler: [...authMethods(identity, target.user)],
      readyTimeout: connectTimeoutMs,
      keepaliveInterval: options.keepaliveMs,
      keepaliveCountMax: 3,
      hostVerifier: (blob: Buffer) => {
        seen = hostKeyOf(blob);
        return pinned === undefined ? acceptNewHostKeys : sameHostKey(seen, pinned);
      },
      algorithms: { serverHostKey: hostKeyAlgorithms(pinned), kex: keyExchanges },
    });
  });
  if (seen === undefined) throw new Error("a login without a host key");
  return connectionOver(client, socket, target, seen);
}

/** Without the one that takes ssh2 up to two seconds. */
const keyExchanges: AlgorithmList<KexAlgorithm> = {
  append: [],
  prepend: [],
  remove: ["diffie-hellman-group-exchange-sha256"],
};

function pinnedKey(target: Target): HostKey | undefined {
  if (target.hostKey === undefined) return undefined;
  const key = parseHostKey(target.hostKey);
  if (key !== undefined && hostKeyAlgorithms(key).length > 0) return key;
  throw new RemoteError(
    target.machine,
    "identity",
    `'${target.hostKey}' is no host key of a known type`,
  );
}

const openSocket = (target: Target): Duplex =>
  connectTcp({ host: target.address, port: target.port, noDelay: true });

async function openThrough(target: Target, jump: Connection, timeoutMs: number): Promise<Duplex> {
  const deadline = startDeadline(timeoutMs);
  try {
    return await jump.openTcp(target.address, target.port, deadline.signal);
  } catch (cause) {
    const why =
      cause instanceof ChannelRefused ? cause.message.toLowerCase() : plain(cause as Error);
    throw new RemoteError(target.machine, "unreachable", `${placeOf(target)}: ${why}`, { cause });
  } finally {
    deadline.end();
  }
}

function connectionOver(
  client: Client,
  socket: Duplex,
  target: Target,
  hostKey: HostKey,
): Connection {
  const ending = new AbortController();
  const gone = ending.signal;
  const end = (text: string, cause?: Error): void => {
    if (!gone.aborted)
      ending.abort(new RemoteError(target.machine, "unreachable", text, { cause }));
  };
  const lose = (error: Error): void => {
    end(`the connection to ${placeOf(target)} was lost: ${plain(error)}`, error);
    client.destroy();
    socket.destroy();
  };
  client.on("error", lose);
  client.once("end", () => lose(new Error("closed by the machine")));
  client.once("close", () => lose(new Error("closed by the machine")));

  const open = (
    start: OpenChannel,
    signal: AbortSignal,
    closed = (): void => undefined,
  ): Promise<ClientChannel> =>
    openChannel({ start, signal: AbortSignal.any([gone, signal]), closed });
  return {
    target,
    hostKey,
    gone,
    openSession: async (line, signal, closed) => {
      let watched: CommandChannel | undefined;
      const start: OpenChannel = (opened) =>
        client.exec(line, (error, channel) => {
          if (!error) watched = watchExit(channel);
          opened(error, channel);
        });
      const channel = await open(start, signal, closed);
      return watched ?? watchExit(channel);
    },
    openUnixSocket: async (path, signal) =>
      new ChannelSocket(
        await open((opened) => client.openssh_forwardOutStreamLocal(path, opened), signal),
        gone,
      ),
    openTcp: async (host, port, signal) =>
      new ChannelSocket(
        await open((opened) => client.forwardOut("127.0.0.1", 0, host, port, opened), signal),
        gone,
      ),
    close: async () => {
      end("the connection was closed");
      if (socket.destroyed) return;
      const closed = new Promise<void>((resolve) => {
        socket.once("close", resolve);
        // A machine that hangs never says goodbye.
        setTimeout(() => socket.destroy(), 500).unref();
      });
      client.end();
      await closed;
    },
  };
}
