import type { Duplex } from "node:stream";
import { DeadlinePassed, orAbort, startDeadline } from "../lib/deadline.ts";
import { ChannelRefused } from "./channel.ts";
import type { Login } from "./rights.ts";
import { RemoteError, type Session, type TalkRequest } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";
import { talkByCommand } from "./talk-command.ts";

const defaultMaxBytes = 4 * 1024 * 1024;

/** Talks over the socket itself, forwarded by sshd, or by a command as root where that was once the way that worked. */
export function createTalk(connection: Connection, slots: Slots, login: Login): Session["talk"] {
  let isForwarded = true;
  return async (request) => {
    const deadline = startDeadline(request.timeoutMs, request.signal, connection.gone);
    const bounded = { ...request, signal: deadline.signal };
    try {
      if (isForwarded) {
        const socket = await forwarded(connection, bounded);
        if (socket !== undefined) return await converse(connection, socket, bounded);
      }
      const answer = await talkByCommand(connection, slots, login, bounded);
      isForwarded = false;
      return answer;
    } catch (error) {
      if (connection.gone.aborted) throw connection.gone.reason;
      if (!(error instanceof DeadlinePassed)) throw error;
      const why = `${request.path}: no end of an answer in ${request.timeoutMs / 1000} s`;
      throw new RemoteError(connection.target.machine, "timeout", why, {
        cause: error,
      });
    } finally {
      deadline.end();
    }
  };
}

type Bounded = TalkRequest & { readonly signal: AbortSignal };

/**
 * Undefined where sshd opens none, for which it gives no reason: it may not forward, the user may not use the socket,
 * or nothing listens.
 */
async function forwarded(
  connection: Connection,
  { path, signal }: Bounded,
): Promise<Duplex | undefined> {
  try {
    return await connection.openUnixSocket(path, signal);
  } catch (error) {
    if (error instanceof ChannelRefused) return undefined;
    throw error;
  }
}

async function converse(
  connection: Connection,
  socket: Duplex,
  { path, text, signal, maxBytes = defaultMaxBytes }: Bounded,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const hear = async (): Promise<void> => {
    for await (const chunk of socket as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > maxBytes) return;
      chunks.push(chunk);
    }
  };
  try {
    socket.end(text);
    await orAbort(hear(), signal);
  } finally {
    socket.destroy();
  }
  if (bytes <= maxBytes) return Buffer.concat(chunks).toString();
  const why = `${path}: the answer is longer than ${maxBytes} bytes`;
  throw new RemoteError(connection.target.machine, "limit", why);
}
