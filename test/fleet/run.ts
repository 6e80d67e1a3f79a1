import { spawn } from "node:child_process";
import type { Result } from "./types.ts";

export type RunOptions = { input?: string | Buffer; env?: NodeJS.ProcessEnv; timeoutMs?: number };

/** The environment of a plain login: nothing of the developer's own gets into the machines. */
export const cleanEnv: Readonly<NodeJS.ProcessEnv> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
};

/** Runs a program to its end; a program that fails is a result, one that cannot be started throws. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error("nothing to run");
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: options.env ?? cleanEnv, stdio: "pipe" });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill("SIGKILL");
            // Descendants may hold the pipes open for ever.
            child.stdout.destroy();
            child.stderr.destroy();
          }, options.timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => undefined); // a program may leave its input unread
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const exit = timedOut ? 124 : (code ?? (signal === null ? 1 : 128));
      resolve({
        code: exit,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      });
    });
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a program that has to succeed and gives its output. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.code !== 0) {
    throw new Error(
      `${argv.join(" ")}: exit ${result.code}: ${(result.stderr || result.stdout).trim()}`,
    );
  }
  return result.stdout;
}
