import { once } from "node:events";
import { createInterface, type Interface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import type { Input, Io, Screen } from "./io.ts";

/** The process as commands see it. A reader that goes away early (`| head`) ends it quietly. */
export function processIo(process: NodeJS.Process, home: string): Io {
  const { stdin, stdout, stderr, env } = process;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    env,
    cwd: process.cwd(),
    home,
    out: screenOf(stdout),
    err: screenOf(stderr),
    input: inputOf(stdin),
    ask: (question) => askLine(stdin, stderr, question),
    askHidden: (question) => askHidden(stdin, stderr, question),
    onInterrupt: (call) => {
      process.on("SIGINT", call).on("SIGTERM", call);
      return () => void process.off("SIGINT", call).off("SIGTERM", call);
    },
    onHangup: (call) => {
      process.on("SIGHUP", call);
      return () => void process.off("SIGHUP", call);
    },
    onResize: (call) => {
      stdout.on("resize", call);
      return () => void stdout.off("resize", call);
    },
    onCrash: (call) => void process.on("uncaughtException", call),
    quit: (code) => process.exit(code),
  };
}

/** Node leaves `isTTY` undefined where there is no terminal. */
const isTerminal = (stream: { readonly isTTY?: boolean }): boolean => stream.isTTY === true;

const screenOf = (stream: WriteStream): Screen => ({
  isTerminal: isTerminal(stream),
  get columns() {
    return isTerminal(stream) ? stream.columns : 80;
  },
  get rows() {
    return isTerminal(stream) ? stream.rows : 24;
  },
  write: (data) => void stream.write(data),
  drained: async () => {
    if (stream.writableNeedDrain) await once(stream, "drain");
  },
});

const inputOf = (stdin: ReadStream): Input => ({
  isTerminal: isTerminal(stdin),
  chunks: stdin as AsyncIterable<Uint8Array>,
  setRaw: (raw) => {
    if (isTerminal(stdin)) stdin.setRawMode(raw);
  },
  release: () => void stdin.destroy(),
});

/** The terminal shows nothing before anybody is asked; Ctrl-C is the end of input. */
async function askHidden(
  input: ReadStream,
  output: WriteStream,
  question: string,
): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  output.write(question);
  try {
    return await nextLine(lines, "");
  } finally {
    lines.close();
    output.write("\n");
  }
}

async function askLine(
  input: ReadStream,
  output: WriteStream,
  question: string,
): Promise<string | undefined> {
  const lines = createInterface({ input, output });
  try {
    return await nextLine(lines, question);
  } finally {
    lines.close();
  }
}

const nextLine = (lines: Interface, question: string): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    lines.once("close", () => resolve(undefined));
    lines.question(question).then(resolve, reject);
  });
