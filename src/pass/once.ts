import { tether } from "../apply/tether.ts";
import { onceBody } from "../kinds/index.ts";
import { engineMessage } from "../lib/engine-message.ts";
import { isObject, type Json } from "../lib/json.ts";
import {
  RemoteError,
  type ContainerProcess,
  type EngineReply,
  type Session,
} from "../remote/session.ts";

/** One command in a container of its own, made like the one of an instance. */
export interface OnceWish {
  readonly session: Session;
  readonly fleet: string;
  /** The instance's container. */
  readonly like: string;
  readonly name: string;
  readonly argv: readonly string[];
  readonly stdin: boolean;
  readonly tty?: { readonly columns: number; readonly rows: number };
}

export interface Once {
  readonly process: ContainerProcess;
  /** Asks the command to end, and ends it after a while. */
  stop(): Promise<void>;
  /** Removes the container, whatever it still does. */
  remove(): Promise<void>;
}

const engineMs = 30_000;
const stopSeconds = 10;

/** Makes and starts it. Nothing is left of it when it ends, nor when this client dies. Rejects with RemoteError. */
export async function startOnce(wish: OnceWish): Promise<Once> {
  const { session, fleet, like, name, argv, stdin, tty } = wish;
  const instance = await ask(session, "GET", `/containers/${encodeURIComponent(like)}/json`);
  const making = { fleet, argv, stdin, tty: tty !== undefined };
  const { body, networks } = onceBody(instance.body as Json, making);
  const path = `/containers/create?name=${encodeURIComponent(name)}`;
  const created = await ask(session, "POST", path, body);
  const id = isObject(created.body) ? created.body["Id"] : undefined;
  if (typeof id !== "string")
    throw new RemoteError(session.machine, "engine", "the engine made a container without an id");
  const remove = async (): Promise<void> => {
    await session.engine({
      method: "DELETE",
      path: `/containers/${id}?force=true&v=true`,
      timeoutMs: engineMs,
    });
  };
  try {
    const held = await tether(session, id);
    try {
      for (const network of networks)
        await ask(session, "POST", `/networks/${encodeURIComponent(network)}/connect`, {
          Container: id,
        });
      const process = await session.startAttached({
        container: id,
        stdin,
        ...(tty === undefined ? {} : { tty }),
      });
      return {
        process,
        stop: async () => {
          await session.engine({
            method: "POST",
            path: `/containers/${id}/stop?t=${stopSeconds}`,
            timeoutMs: stopSeconds * 1_000 + engineMs,
          });
        },
        remove: async () => {
          try {
            await remove();
          } finally {
            held.end();
          }
        },
      };
    } catch (error) {
      held.end();
      throw error;
    }
  } catch (error) {
    // The connection may be what failed: then the tether, or a later pass, sees to it.
    await remove().catch(() => undefined);
    throw error;
  }
}

async function ask(
  session: Session,
  method: "GET" | "POST",
  path: string,
  body?: Json,
): Promise<EngineReply> {
  const request = { method, path, timeoutMs: engineMs };
  const reply = await session.engine(body === undefined ? request : { ...request, body });
  if (reply.status < 300) return reply;
  const why = engineMessage(reply.body) ?? `${method} ${path} answered ${reply.status}`;
  throw new RemoteError(session.machine, "engine", why);
}
