import { startAttached } from "./attach-main.ts";
import { execInContainer } from "./attach.ts";
import { createEngine } from "./engine.ts";
import { execute, startProcess } from "./exec.ts";
import { findLogin } from "./login.ts";
import { probe } from "./probe.ts";
import { putFile } from "./put.ts";
import { limitOf, plainLogin } from "./rights.ts";
import type { Command, CommandResult, Session } from "./session.ts";
import { createSlots } from "./slots.ts";
import type { Connection } from "./ssh.ts";
import { createTalk } from "./talk.ts";

/** Whether root's rights are to be had over this connection; runs what is given by them. Rejects with RemoteError. */
export async function checkLogin(
  connection: Connection,
  argv: readonly string[] = [],
): Promise<CommandResult | undefined> {
  const slots = createSlots(connection);
  const login = await findLogin(connection, slots);
  if (argv.length === 0) return undefined;
  return await execute(connection, slots, login, { argv, timeoutMs: 40_000 });
}

/** What a machine can be asked over this connection. Rejects with RemoteError of class access without root's rights. */
export async function openMachine(
  connection: Connection,
  confirm: Session["confirm"],
): Promise<Session> {
  const { machine } = connection.target;
  const slots = createSlots(connection);
  const login = await findLogin(connection, slots);
  const engine = createEngine(connection, slots, login);
  const exec = (command: Command): Promise<CommandResult> =>
    execute(connection, slots, login, command);
  return {
    machine,
    gone: connection.gone,
    limit: (seconds) => limitOf(login, seconds),
    exec,
    start: (command) => startProcess(connection, slots, login, command),
    put: (file) => putFile(machine, exec, file),
    engine: engine.call,
    engineStream: engine.stream,
    execIn: (command) => execInContainer(machine, engine, command),
    startAttached: (start) => startAttached(machine, engine, start),
    probe: (target) => probe(connection, slots, login, target),
    talk: createTalk(connection, slots, login),
    confirm,
    close: () => connection.close(),
  };
}

/**
 * Runs one command on a connection that otherwise only forwards, as a jump host's does: sshd then sets TCP_NODELAY. A
 * host that runs no commands forwards all the same.
 */
export async function warmUp(connection: Connection): Promise<void> {
  const command = { argv: ["true"], timeoutMs: 5000 };
  await execute(connection, createSlots(connection), plainLogin, command).catch(() => undefined);
}
