import { execFile } from "node:child_process";
import { printableLine } from "../lib/text.ts";
import { AcmeError } from "./error.ts";
import type { Challenge } from "./prove.ts";

/** An answer has to be seen by everybody before the command ends: name servers take their time. */
const timeoutMs = 5 * 60_000;

/**
 * Records of the DNS by a command of the user's, without a shell, with three more words: `set` or `unset`, the record's
 * name and its text. Setting ends once the record can be seen; one name may have several.
 */
export function dnsAnswers(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Challenge {
  const [program = "", ...words] = command;
  const run = (verb: "set" | "unset", name: string, value: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const options = {
        env,
        timeout: timeoutMs,
        killSignal: "SIGKILL",
        maxBuffer: 1024 * 1024,
      } as const;
      execFile(program, [...words, verb, name, value], options, (error, _, stderr) => {
        if (error === null) return resolve();
        const lines = stderr.trim().split("\n");
        const said = printableLine(lines.at(-1) ?? "").slice(0, 300);
        const why = said === "" ? endOf(error) : said;
        reject(
          new AcmeError("unproven", `the command ${program} does not ${verb} ${name}: ${why}`),
        );
      });
    });
  return {
    kind: "dns",
    put: (name, value) => run("set", name, value),
    remove: (name, value) => run("unset", name, value),
  };
}

function endOf({
  code,
  killed,
}: Error & { code?: number | string | null; killed?: boolean }): string {
  if (killed === true) return `no end after ${timeoutMs / 60_000} minutes`;
  return typeof code === "number" ? `it ended with ${code}` : `it cannot be run (${code ?? "?"})`;
}
