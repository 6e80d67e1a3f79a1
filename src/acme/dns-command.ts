import { spawn, type ChildProcess } from "node:child_process";
import { startDeadline } from "../lib/deadline.ts";
import { killGroup } from "../lib/process-group.ts";
import { printableLine } from "../lib/text.ts";
import { AcmeError } from "./error.ts";
import type { Challenge } from "./prove.ts";

/** An answer has to be seen by everybody before the command ends: name servers take their time. */
const usualTimeoutMs = 5 * 60_000;
const rememberedBytes = 4096;

export interface DnsCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when no record is wanted any more: what sets one ends, what unsets one goes on. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Records of the DNS by a command of the user's, without a shell, with three more words: `set` or `unset`, the record's
 * name and its text. Setting ends once the record can be seen; one name may have several.
 */
export function dnsAnswers(wanted: DnsCommand): Challenge {
  return {
    kind: "dns",
    put: (name, value) => run(wanted, ["set", name, value], wanted.signal),
    remove: (name, value) => run(wanted, ["unset", name, value]),
  };
}

type Words = readonly [verb: "set" | "unset", name: string, value: string];

/** Ends with all that it has started: a script of the user's waits for other programs. */
async function run(
  { command, env, timeoutMs = usualTimeoutMs }: DnsCommand,
  words: Words,
  signal?: AbortSignal,
): Promise<void> {
  const [program = "", ...own] = command;
  const limit = startDeadline(timeoutMs, signal);
  const child = spawn(program, [...own, ...words], {
    env: { ...env },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const stop = (): void => {
    if (child.pid !== undefined) killGroup(child.pid);
    child.stderr.destroy();
  };
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-rememberedBytes);
  });
  limit.signal.addEventListener("abort", stop, { once: true });
  if (limit.signal.aborted) stop();
  try {
    const how = await endOf(child);
    if (how === undefined) return;
    signal?.throwIfAborted();
    const last = printableLine(said.trim().split("\n").at(-1) ?? "").slice(0, 300);
    const late = limit.signal.aborted ? `no end after ${timeoutMs / 60_000} minutes` : "";
    const why = [late, last].filter((text) => text !== "").join(": ") || how;
    const [verb, name] = words;
    throw new AcmeError("unproven", `the command ${program} does not ${verb} ${name}: ${why}`);
  } finally {
    limit.end();
    // What it left running may hold the pipe for ever.
    child.stderr.destroy();
  }
}

/** Undefined: well. */
const endOf = (child: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve) => {
    child.once("error", (error) => resolve(`it cannot be run (${codeOf(error)})`));
    child.once("exit", (code) => {
      if (code === 0) resolve(undefined);
    });
    child.once("close", (code, by) => resolve(`it ended with ${code ?? by ?? "?"}`));
  });

const codeOf = (error: Error): string =>
  "code" in error && typeof error.code === "string" ? error.code : "?";
