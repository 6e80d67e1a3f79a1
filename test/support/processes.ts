import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { CallMade, Doom } from "./doomed-controller.ts";

const path = fileURLToPath(new URL("doomed-controller.ts", import.meta.url));

/** A controller in a process of its own. */
export interface Child {
  readonly process: ChildProcess;
  /** Changing calls that have begun, in order. */
  begun(): readonly CallMade[];
  /** Changing calls that have ended, in order of their ends. */
  made(): readonly CallMade[];
  /** Whether it waits where it was to be held. */
  isHeld(): boolean;
  goOn(): void;
  /** When it has gone: without an outcome if it was killed or fell over. */
  readonly ended: Promise<{ readonly outcome?: RevisionOutcome; readonly said: string }>;
}

export function startController(doom: Doom): Child {
  const child = spawn(process.execPath, [path, JSON.stringify(doom)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  // It may be gone already.
  child.stdin.on("error", () => undefined);
  let out = "";
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const calls = (): readonly CallMade[] =>
    said
      .split("\n")
      .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as CallMade] : []));
  return {
    process: child,
    begun: () => calls().filter((c) => c.toMs === undefined),
    made: () => calls().filter((c) => c.toMs !== undefined),
    isHeld: () => calls().some((c) => c.holds === true),
    goOn: () => void child.stdin.end(),
    ended: new Promise((resolve) => {
      child.once("close", () =>
        resolve({ said, ...(out === "" ? {} : { outcome: JSON.parse(out) as RevisionOutcome }) }),
      );
    }),
  };
}
