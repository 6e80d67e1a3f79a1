import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import { startDeadline } from "../lib/deadline.ts";
import { createSemaphore, type Semaphore } from "../lib/semaphore.ts";
import { ChannelSocket } from "./channel.ts";
import { commandLine } from "./exec.ts";
import type { Login } from "./rights.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";

/** A way to the engine's socket: agents for short calls, and for streams, which must not take their places. */
export interface Route {
  readonly calls: Agent;
  readonly streams: Agent;
  /** For calls: an agent's own limit does not count connections that are still being made. */
  readonly places: Semaphore;
  /** Takes no further use of its connections; those in use end by themselves. */
  retire(): void;
}

type Dial = (signal: AbortSignal) => Promise<Duplex>;

const dialTimeoutMs = 15_000;

/** The socket itself, forwarded by sshd. Costs no session. */
export function socketRoute(connection: Connection): Route {
  const dial: Dial = (signal) => connection.openUnixSocket(connection.target.engineSocket, signal);
  return routeBy(dial, dial, 16);
}

/**
 * The engine's own client as a pipe, as root: where sshd forwards no sockets, or the user may not use this one. Takes a
 * session each, so few.
 */
export function clientRoute(connection: Connection, slots: Slots, login: Login): Route {
  const { machine, engineSocket } = connection.target;
  const argv = ["docker", "-H", `unix://${engineSocket}`, "system", "dial-stdio"];
  const dial: Dial = async (signal) =>
    new ChannelSocket(
      (await slots.open(commandLine(machine, login, argv), signal)).channel,
      connection.gone,
    );
  const places = createSemaphore(2);
  const dialStream: Dial = async (signal) => {
    const leave = await places.enter(signal);
    try {
      return (await dial(signal)).once("close", leave);
    } catch (error) {
      leave();
      throw error;
    }
  };
  return routeBy(dial, dialStream, 2);
}

function routeBy(dial: Dial, dialStream: Dial, callsAtOnce: number): Route {
  // Each look uses all of them: opening one anew costs more than the question.
  const calls = new DialAgent(dial, { keepAlive: true, maxFreeSockets: callsAtOnce });
  const streams = new DialAgent(dialStream, { keepAlive: false });
  return {
    calls,
    streams,
    places: createSemaphore(callsAtOnce),
    retire: () => {
      calls.maxFreeSockets = 0;
      for (const idle of Object.values(calls.freeSockets))
        for (const socket of idle ?? []) socket.destroy();
    },
  };
}

class DialAgent extends Agent {
  readonly #dial: Dial;

  constructor(dial: Dial, options: ConstructorParameters<typeof Agent>[0]) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(
    _: ClientRequestArgs,
    done: (error: Error | null, stream: Duplex) => void = () => undefined,
  ): undefined {
    const deadline = startDeadline(dialTimeoutMs);
    this.#dial(deadline.signal)
      .then(
        (stream) => done(null, stream),
        // Node takes the error alone.
        (error: Error) => (done as (error: Error) => void)(error),
      )
      .finally(deadline.end);
  }
}
