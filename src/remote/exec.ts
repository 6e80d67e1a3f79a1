import { constants } from "node:os";
import { PassThrough, type Readable } from "node:stream";
import { DeadlinePassed, orAbort, startDeadline } from "../lib/deadline.ts";
import { discard, type CommandChannel } from "./channel.ts";
import { limitOf, type Login } from "./rights.ts";
import { quote } from "./quote.ts";
import { RemoteError, type Command, type CommandResult, type Process } from "./session.ts";
import type { Slots } from "./slots.ts";
import type { Connection } from "./ssh.ts";

const defaultMaxBytes = 4 * 1024 * 1024;
/** Linux takes no longer argument (128 KiB), and the login shell gets the whole line as one. */
const maxLineBytes = 120 * 1024;

/** Runs to the end. Rejects with RemoteError (timeout, limit, unreachable), or the reason of the command's signal. */
export async function execute(
  connection: Connection,
  slots: Slots,
  login: Login,
  command: Command,
): Promise<CommandResult> {
  const { machine } = connection.target;
  const deadline = startDeadline(command.timeoutMs, command.signal);
  try {
    const guard = limitOf(login, Math.ceil(command.timeoutMs / 1000) + 2);
    const line = commandLine(machine, login, [...guard, ...command.argv]);
    const running = await slots.open(line, deadline.signal);
    const { channel } = running;
    try {
      channel.end(command.stdin ?? "");
      return await orAbort(
        collect(connection, running, command.maxBytes ?? defaultMaxBytes),
        deadline.signal,
      );
    } catch (error) {
      // sshd delivers no signals to root's processes: the guard ends what goes on.
      discard(channel);
      throw error;
    }
  } catch (error) {
    if (!(error instanceof DeadlinePassed)) throw error;
    const why = `${command.argv[0]} did not end in ${command.timeoutMs / 1000} s`;
    throw new RemoteError(machine, "timeout", why, { cause: error });
  } finally {
    deadline.end();
  }
}

/** Starts and leaves it running; the signal is for the start and for killing it later. */
export async function startProcess(
  connection: Connection,
  slots: Slots,
  login: Login,
  command: Omit<Command, "timeoutMs" | "maxBytes">,
): Promise<Process> {
  const deadline = startDeadline(startTimeoutMs, command.signal);
  try {
    const line = commandLine(connection.target.machine, login, command.argv);
    const running = await slots.open(line, deadline.signal);
    const { channel } = running;
    if (command.stdin !== undefined) channel.write(command.stdin);
    const [stdout, stderr] = [
      new PassThrough({ highWaterMark }),
      new PassThrough({ highWaterMark }),
    ];
    const kill = (): void => {
      discard(channel);
      // The command may take its time; who reads waits no longer.
      stdout.end();
      stderr.end();
    };
    command.signal?.addEventListener("abort", kill, { once: true });
    const exited = ending(connection, running, "exit").finally(() =>
      command.signal?.removeEventListener("abort", kill),
    );
    // Whoever only reads the output does not look at it.
    exited.catch(() => undefined);
    return {
      write: (data) => void channel.write(data),
      end: () => void channel.end(),
      stdout: readInto(stdout, channel),
      stderr: readInto(stderr, channel.stderr),
      exited,
      kill,
    };
  } catch (error) {
    if (!(error instanceof DeadlinePassed)) throw error;
    const why = `${command.argv[0]} did not start in ${startTimeoutMs / 1000} s`;
    throw new RemoteError(connection.target.machine, "timeout", why, { cause: error });
  } finally {
    deadline.end();
  }
}

const startTimeoutMs = 30_000;

/** Output that nobody has read so far; more of it stops the command. */
const highWaterMark = 1024 * 1024;

/** A channel closes only when all was read from it, whether anybody wants it or not: so it is read into here. */
function readInto(unread: PassThrough, stream: Readable): AsyncIterable<Uint8Array> {
  stream.pipe(unread);
  // Whoever stops reading, after a first line say, does not end the command.
  return { [Symbol.asyncIterator]: () => unread.iterator({ destroyOnReturn: false }) };
}

/** What the login shell gets: throws RemoteError of class limit where it is too long. */
export function commandLine(machine: string, login: Login, argv: readonly string[]): string {
  const line = `exec ${quote(login.root ? argv : ["sudo", "-n", "--", ...argv])}`;
  const bytes = Buffer.byteLength(line);
  if (bytes <= maxLineBytes) return line;
  throw new RemoteError(
    machine,
    "limit",
    `a command line of ${bytes} bytes is longer than a machine takes`,
  );
}

function collect(
  connection: Connection,
  running: CommandChannel,
  maxBytes: number,
): Promise<CommandResult> {
  const { machine } = connection.target;
  const { channel } = running;
  return new Promise((resolve, reject) => {
    const gather = (stream: NodeJS.ReadableStream): Buffer[] => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= maxBytes) chunks.push(chunk);
        else reject(new RemoteError(machine, "limit", `more than ${maxBytes} bytes of output`));
      });
      return chunks;
    };
    const stdout = gather(channel);
    const stderr = gather(channel.stderr);
    ending(connection, running, "close").then((code) => {
      // stderr may still hold what came before the close.
      const done = (): void =>
        resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
      if (channel.stderr.readableEnded) done();
      else channel.stderr.once("end", done);
    }, reject);
  });
}

/** The exit code, at once or when all output was read. A channel that closes without one was cut. */
function ending(
  connection: Connection,
  running: CommandChannel,
  when: "exit" | "close",
): Promise<number> {
  const { gone, target } = connection;
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(gone.reason as Error);
    const settle = (): void => {
      gone.removeEventListener("abort", lost);
      const { exit } = running;
      if (exit !== undefined) return resolve(exit.code ?? 128 + signalNumber(exit.signal));
      if (gone.aborted) return lost();
      reject(
        new RemoteError(
          target.machine,
          "unreachable",
          "the command was cut off: it ended without an exit code",
        ),
      );
    };
    if (when === "exit") running.channel.once("exit", settle);
    if (when === "exit" && running.exit !== undefined) settle();
    running.channel.once("close", settle);
    // A channel that nobody reads does not close with its connection.
    gone.addEventListener("abort", lost, { once: true });
  });
}

const signalNumber = (name = ""): number =>
  (constants.signals as Readonly<Record<string, number | undefined>>)[name] ?? 0;
