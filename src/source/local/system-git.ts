import { execFile } from "node:child_process";
import { isCoded } from "../git/coded.ts";
import { SourceError } from "../source.ts";
import { cutAtWord, printableLine } from "../../lib/text.ts";

const timeoutMs = 120_000;
const maxBytes = 4 * 1024 * 1024;

export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  /** Printable, cut to a line. */
  readonly stderr: string;
}

/** Runs the git command in a folder; it asks nobody anything. Resolves for every exit code. */
export function systemGit(folder: string, argv: readonly string[]): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: folder,
      timeout: timeoutMs,
      maxBuffer: maxBytes,
      env: { ...ownEnvironment(), GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
    };
    execFile("git", argv, options, (error, stdout, stderr) => {
      if (error !== null && isCoded(error, "ENOENT")) {
        reject(
          new SourceError("unsupported", `this needs the git command, which is not installed`, {
            cause: error,
          }),
        );
      } else if (error !== null && error.killed === true) {
        reject(
          new SourceError("unreachable", `git ${argv[0]} did not end within ${timeoutMs / 1000} s`),
        );
      } else {
        resolve({
          code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1,
          stdout,
          stderr: cutAtWord(printableLine(stderr), 500),
        });
      }
    });
  });
}

/** Called from a hook of another repository, git would work on that one. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const {
    GIT_DIR: _,
    GIT_WORK_TREE: __,
    GIT_INDEX_FILE: ___,
    GIT_PREFIX: ____,
    ...rest
  } = process.env;
  return rest;
}
