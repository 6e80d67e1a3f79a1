import type { ContainerProcess } from "../../remote/session.ts";
import type { Io } from "../io.ts";

/** Where a command's output goes. */
export interface Sink {
  write(data: Uint8Array): void;
  drained(): Promise<void>;
}

export interface StreamWish {
  readonly takesInput: boolean;
  readonly isTerminal: boolean;
  readonly out: Sink;
  readonly err: Sink;
}

/** Passes input and output on until the command ends; resolves with its exit code. */
export async function passStreams(
  io: Io,
  process: ContainerProcess,
  { takesInput, isTerminal, out, err }: StreamWish,
): Promise<number> {
  const letGo = takesInput ? passInput(io, process, isTerminal) : undefined;
  const endResize = isTerminal
    ? io.onResize(() => void process.resize(io.out.columns, io.out.rows).catch(() => undefined))
    : undefined;
  try {
    await Promise.all([pass(process.stdout, out), pass(process.stderr, err)]);
    return await process.exited;
  } finally {
    endResize?.();
    letGo?.();
  }
}

async function pass(from: AsyncIterable<Uint8Array>, to: Sink): Promise<void> {
  for await (const chunk of from) {
    to.write(chunk);
    await to.drained();
  }
}

/** Gives what comes in to the command until either ends. */
function passInput({ input }: Io, process: ContainerProcess, isRaw: boolean): () => void {
  let isOpen = true;
  if (isRaw) input.setRaw(true);
  const feed = async (): Promise<void> => {
    for await (const chunk of input.chunks) if (isOpen) process.write(chunk);
    if (isOpen) process.end();
  };
  feed().catch(() => undefined);
  return () => {
    isOpen = false;
    if (isRaw) input.setRaw(false);
    input.release();
  };
}
