import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Ran, SecretsSite } from "./site.ts";

const bin = new URL("../../../bin/slipway", import.meta.url).pathname;

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

/** The program itself, with nothing of ours around it. */
export function startSlipway(
  { dir, home }: SecretsSite,
  argv: readonly string[],
  env: Record<string, string> = {},
  input: string | Uint8Array = "",
): Started {
  const child = spawn(bin, ["secrets", ...argv], {
    cwd: dir,
    env: { PATH: process.env["PATH"], HOME: home, ...compileCache(), ...env },
    timeout: 60_000,
  });
  const texts = { out: "", err: "" };
  child.stdout.on("data", (data: Buffer) => (texts.out += data.toString("latin1")));
  child.stderr.on("data", (data: Buffer) => (texts.err += data.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const ended = new Promise<Ran>((resolve) =>
    child.once("close", (code, signal) => {
      assert(code !== null || signal !== "SIGKILL", texts.err);
      resolve({ code: code ?? -1, ...texts });
    }),
  );
  return { child, ended };
}

/** The same at a terminal that `script` makes: answers each question by the next of these. Gives all that was to be seen. */
export async function atTerminal(
  { dir, home }: SecretsSite,
  argv: readonly string[],
  answers: readonly (readonly [question: RegExp, answer: string])[],
  env: Record<string, string> = {},
): Promise<{ readonly code: number; readonly seen: string }> {
  const command = [bin, "secrets", ...argv].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: dir,
    env: { PATH: process.env["PATH"], HOME: home, TERM: "dumb", ...compileCache(), ...env },
    timeout: 60_000,
  });
  let seen = "";
  let from = 0;
  const left = [...answers];
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    const [next] = left;
    if (next === undefined || !next[0].test(seen.slice(from))) return;
    from = seen.length;
    left.shift();
    child.stdin.write(next[1]);
  });
  const code = await new Promise<number>((resolve) =>
    child.once("close", (one) => resolve(one ?? -1)),
  );
  assert.deepEqual(left, [], seen);
  return { code, seen };
}

const compileCache = (): Record<string, string> => {
  const folder = process.env["NODE_COMPILE_CACHE"] ?? join("/tmp", "slipway-compile-cache");
  return { NODE_COMPILE_CACHE: folder };
};
