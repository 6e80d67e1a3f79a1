import { setTimeout as sleep } from "node:timers/promises";
import { DeadlinePassed } from "../lib/deadline.ts";
import { createSemaphore } from "../lib/semaphore.ts";
import { ChannelRefused, type CommandChannel } from "./channel.ts";
import { RemoteError } from "./session.ts";
import type { Connection } from "./ssh.ts";

/**
 * sshd allows ten sessions on a connection, counts one for a while after it has ended, and refuses the next: six
 * were never refused.
 */
const sessionsAtOnce = 6;
const firstPauseMs = 5;
const longestPauseMs = 250;

/** Opens session channels on one connection, a few at a time. */
export interface Slots {
  /** Rejects with RemoteError, or the signal's reason when that is not a deadline. */
  open(line: string, signal: AbortSignal): Promise<CommandChannel>;
}

export function createSlots(connection: Connection): Slots {
  const semaphore = createSemaphore(sessionsAtOnce);

  const enter = async (signal: AbortSignal): Promise<() => void> => {
    try {
      return await semaphore.enter(AbortSignal.any([signal, connection.gone]));
    } catch (error) {
      if (!(error instanceof DeadlinePassed)) throw error;
      const why = `no session became free in time: ${sessionsAtOnce} commands that have not ended hold all of them`;
      throw new RemoteError(connection.target.machine, "timeout", why, { cause: error });
    }
  };

  return {
    open: async (line, signal) => {
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
        const leave = await enter(signal);
        try {
          return await connection.openSession(line, signal, leave);
        } catch (error) {
          if (!(error instanceof ChannelRefused) || error.reason !== 2) throw error;
        }
        await sleep(pauseMs, undefined, {
          signal: AbortSignal.any([signal, connection.gone]),
        }).catch((aborted: unknown) => {
          throw connection.gone.aborted ? connection.gone.reason : (signal.reason ?? aborted);
        });
      }
    },
  };
}
