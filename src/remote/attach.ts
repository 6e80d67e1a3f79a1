import { once } from "node:events";
import { PassThrough, type Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isObject } from "../lib/json.ts";
import { demultiplex } from "../lib/demux.ts";
import { engineMessage } from "../lib/engine-message.ts";
import type { Engine } from "./engine.ts";
import { RemoteError, type ContainerCommand, type ContainerProcess } from "./session.ts";

export const timeoutMs = 15_000;
/** Output that nobody reads; more of it holds the other stream up as well. */
export const highWaterMark = 1024 * 1024;

/** Runs a command in a container over one hijacked connection. Rejects with RemoteError in the engine's words. */
export async function execInContainer(
  machine: string,
  engine: Engine,
  command: ContainerCommand,
): Promise<ContainerProcess> {
  const { tty, signal } = command;
  const aborting = signal === undefined ? {} : { signal };
  const id = await createExec(machine, engine, command);
  const path = `/exec/${encodeURIComponent(id)}`;
  const body = { Detach: false, Tty: tty !== undefined };
  const stream = await engine.upgrade({
    method: "POST",
    path: `${path}/start`,
    body,
    timeoutMs,
    ...aborting,
  });

  const resize = async (columns: number, rows: number): Promise<void> => {
    await engine.call({ method: "POST", path: `${path}/resize?w=${columns}&h=${rows}`, timeoutMs });
  };
  const kill = (): void => void stream.destroy();
  signal?.addEventListener("abort", kill, { once: true });
  const stdout = new PassThrough({ highWaterMark });
  const stderr = new PassThrough({ highWaterMark });
  const exited = pump(stream, tty !== undefined, stdout, stderr)
    .then(() => exitCode(machine, engine, path))
    .finally(() => {
      signal?.removeEventListener("abort", kill);
      stream.destroy();
      stdout.end();
      stderr.end();
    });
  exited.catch(() => undefined);
  if (tty !== undefined) await resize(tty.columns, tty.rows);
  return {
    write: (data) => void stream.write(data),
    end: () => void stream.end(),
    stdout: stdout as AsyncIterable<Uint8Array>,
    stderr: stderr as AsyncIterable<Uint8Array>,
    exited,
    kill,
    resize,
  };
}

async function createExec(
  machine: string,
  engine: Engine,
  command: ContainerCommand,
): Promise<string> {
  const { container, argv, env, user, workingDir, stdin = false, tty } = command;
  const reply = await engine.call({
    method: "POST",
    path: `/containers/${encodeURIComponent(container)}/exec`,
    body: {
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty !== undefined,
      Cmd: argv,
      Env: env,
      User: user,
      WorkingDir: workingDir,
    },
    timeoutMs,
  });
  if (reply.status === 201 && isObject(reply.body) && typeof reply.body["Id"] === "string")
    return reply.body["Id"];
  throw new RemoteError(
    machine,
    "engine",
    engineMessage(reply.body) ?? `cannot run a command in ${container}`,
  );
}

export async function pump(
  stream: Duplex,
  tty: boolean,
  stdout: PassThrough,
  stderr: PassThrough,
): Promise<void> {
  const write = async (to: PassThrough, data: Uint8Array): Promise<void> => {
    if (!to.write(data)) await Promise.race([once(to, "drain"), once(stream, "close")]);
  };
  const chunks = stream as AsyncIterable<Uint8Array>;
  if (tty) for await (const chunk of chunks) await write(stdout, chunk);
  else
    for await (const { stream: name, data } of demultiplex(chunks))
      await write(name === "stdout" ? stdout : stderr, data);
}

/** The engine closes the stream a moment before it notes the exit code. */
async function exitCode(machine: string, engine: Engine, path: string): Promise<number> {
  for (let tries = 0; tries < 20; tries += 1) {
    const { body } = await engine.call({ method: "GET", path: `${path}/json`, timeoutMs });
    if (isObject(body) && typeof body["ExitCode"] === "number" && body["Running"] !== true)
      return body["ExitCode"];
    await sleep(50);
  }
  throw new RemoteError(
    machine,
    "engine",
    "the connection to the command ended before the command did",
  );
}
