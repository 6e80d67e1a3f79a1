import { spawn } from "node:child_process";
import { isCoded } from "../git/coded.ts";
import { SourceError } from "../source.ts";
import { killGroup } from "../../lib/process-group.ts";
import { cutAtWord, printableLine } from "../../lib/text.ts";

const usualTimeoutMs = 120_000;
const maxBytes = 4 * 1024 * 1024;

export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  /** Printable, cut to a line, without logins. */
  readonly stderr: string;
}

export interface GitOptions {
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Nobody waits for it to ask: no terminal, so that ssh and helpers ask for nothing either. */
  readonly isAlone?: boolean;
}

/** Runs the git command in a folder; it asks nobody anything. Resolves for every exit code. */
export function systemGit(
  folder: string,
  argv: readonly string[],
  { timeoutMs = usualTimeoutMs, env = {}, isAlone = false }: GitOptions = {},
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", argv, {
      cwd: folder,
      env: { ...ownEnvironment(isAlone), GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: isAlone,
    });
    const out: Buffer[] = [];
    const said: Buffer[] = [];
    let bytes = 0;
    const end = (error: SourceError): void => {
      stop();
      reject(error);
    };
    const stop = (): void => {
      clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      // What it started holds no pipe of ours, but may go on.
      if (isAlone && child.pid !== undefined && child.exitCode === null) killGroup(child.pid);
      else child.kill("SIGKILL");
    };
    const timer = setTimeout(() => {
      const text = `git ${argv[0]} did not end within ${timeoutMs / 1000} s`;
      end(new SourceError("unreachable", text));
    }, timeoutMs);
    const take = (chunks: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else end(new SourceError("too-large", `git ${argv[0]} says more than ${maxBytes} bytes`));
    };
    child.stdout.on("data", take(out));
    child.stderr.on("data", take(said));
    child.on("error", (error) => {
      clearTimeout(timer);
      const isMissing = isCoded(error, "ENOENT");
      reject(
        new SourceError(
          "unsupported",
          isMissing ? "this needs the git command, which is not installed" : error.message,
          { cause: error },
        ),
      );
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      const stderr = Buffer.concat(said)
        .toString("utf8")
        .replaceAll(/\/\/[^/@\s]*@/g, "//");
      resolve({
        code: code ?? 1,
        stdout: Buffer.concat(out).toString("utf8"),
        stderr: cutAtWord(printableLine(stderr), 500),
      });
    });
  });
}

/** Called from a hook of another repository, git would work on that one. */
function ownEnvironment(isAlone: boolean): NodeJS.ProcessEnv {
  const {
    GIT_DIR: _,
    GIT_WORK_TREE: __,
    GIT_INDEX_FILE: ___,
    GIT_PREFIX: ____,
    ...rest
  } = process.env;
  if (!isAlone) return rest;
  const { SSH_ASKPASS: _____, ...silent } = rest;
  return { ...silent, SSH_ASKPASS_REQUIRE: "never", GCM_INTERACTIVE: "never" };
}
