import { spawn } from "node:child_process";

export interface Program {
  readonly argv: readonly string[];
  /** Ended after this long, and reported with code 124. */
  readonly limitMs: number;
  /** Aborted: ended, and reported with code 130. */
  readonly signal: AbortSignal;
  /** Kept to itself unless it fails. */
  readonly isQuiet?: boolean;
}

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** After being told to end, a program has this long before it is killed. */
const graceMs = 15_000;
const keptBytes = 64 * 1024 * 1024;

/** Runs a program to its end, showing what it says. Never rejects: what cannot be started has code 127. */
export function runProgram(program: Program): Promise<Ran> {
  const { argv, limitMs, signal, isQuiet = false } = program;
  const [command = "", ...args] = argv;
  return new Promise((resolve) => {
    const stopped = { code: undefined as number | undefined };
    const output: string[] = [];
    let bytes = 0;
    const say = (chunk: Buffer | string): void => {
      if ((bytes += chunk.length) < keptBytes) output.push(String(chunk));
      if (!isQuiet) process.stdout.write(chunk);
    };
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: environment() });
    const stop = (code: number): void => {
      stopped.code ??= code;
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), graceMs).unref();
    };
    const timer = setTimeout(() => {
      say(`\n${argv.join(" ")}: no end after ${limitMs / 1_000} s\n`);
      stop(124);
    }, limitMs);
    const interrupt = (): void => stop(130);
    signal.addEventListener("abort", interrupt, { once: true });
    child.stdout.on("data", say);
    child.stderr.on("data", say);
    const end = (code: number): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", interrupt);
      const text = output.join("");
      if (isQuiet && code !== 0) process.stdout.write(text);
      resolve({ code: stopped.code ?? code, output: text });
    };
    child.once("error", (error) => {
      say(`${command}: ${error.message}\n`);
      end(127);
    });
    child.once("close", (code) => end(code ?? 1));
  });
}

/** Colours go through the pipe where they are wanted at its end. */
const environment = (): NodeJS.ProcessEnv =>
  process.stdout.isTTY && process.env["NO_COLOR"] === undefined
    ? { ...process.env, FORCE_COLOR: "1" }
    : process.env;
