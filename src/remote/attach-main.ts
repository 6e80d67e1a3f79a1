import { PassThrough } from "node:stream";
import { engineMessage } from "../lib/engine-message.ts";
import { isObject } from "../lib/json.ts";
import { parsedJson } from "../lib/lines.ts";
import { highWaterMark, pump, timeoutMs } from "./attach.ts";
import type { Engine } from "./engine.ts";
import {
  RemoteError,
  type ContainerProcess,
  type ContainerStart,
  type EngineStream,
} from "./session.ts";

/** An engine may take long to start a container; its answer to a wait is short. */
const startMs = 60_000;
const longestAnswer = 65_536;

/**
 * Starts a container with its streams attached, and waits for its end from before it began. Rejects with RemoteError in the
 * engine's words.
 */
export async function startAttached(
  machine: string,
  engine: Engine,
  { container, stdin = false, tty }: ContainerStart,
): Promise<ContainerProcess> {
  const path = `/containers/${encodeURIComponent(container)}`;
  const wanted = `stream=1&stdout=1&stderr=1${stdin || tty !== undefined ? "&stdin=1" : ""}`;
  const stream = await engine.upgrade({
    method: "POST",
    path: `${path}/attach?${wanted}`,
    timeoutMs,
  });
  try {
    const waiting = `${path}/wait?condition=next-exit`;
    const end = await engine.stream({ method: "POST", path: waiting, timeoutMs });
    try {
      await start(machine, engine, path);
    } catch (error) {
      end.close();
      throw error;
    }
    const stdout = new PassThrough({ highWaterMark });
    const stderr = new PassThrough({ highWaterMark });
    const exited = pump(stream, tty !== undefined, stdout, stderr)
      .then(() => exitCode(machine, end))
      .finally(() => {
        end.close();
        stream.destroy();
        stdout.end();
        stderr.end();
      });
    exited.catch(() => undefined);
    const resize = async (columns: number, rows: number): Promise<void> => {
      const to = `${path}/resize?w=${columns}&h=${rows}`;
      await engine.call({ method: "POST", path: to, timeoutMs });
    };
    // It may have ended by now.
    if (tty !== undefined) await resize(tty.columns, tty.rows);
    return {
      write: (data) => void stream.write(data),
      end: () => void stream.end(),
      stdout: stdout as AsyncIterable<Uint8Array>,
      stderr: stderr as AsyncIterable<Uint8Array>,
      exited,
      kill: () => void stream.destroy(),
      resize,
    };
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function start(machine: string, engine: Engine, path: string): Promise<void> {
  const request = { method: "POST", path: `${path}/start`, timeoutMs: startMs } as const;
  const { status, body } = await engine.call(request);
  if (status < 300) return;
  const why = engineMessage(body) ?? `the container was not started (${status})`;
  throw new RemoteError(machine, "engine", why);
}

async function exitCode(machine: string, end: EngineStream): Promise<number> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of end.chunks) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > longestAnswer) break;
  }
  const answer = parsedJson(Buffer.concat(chunks).toString("utf8"));
  if (isObject(answer) && typeof answer["StatusCode"] === "number") return answer["StatusCode"];
  const why = "the connection to the container ended before the container did";
  throw new RemoteError(machine, "engine", why);
}
