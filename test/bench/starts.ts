import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { WarmSsh } from "./ssh.ts";

/** Tells of containers that start, by each engine's own events. */
export interface Starts {
  /** Resolves, for each machine, at the next start of a container there. */
  next(): ReadonlyMap<string, Promise<void>>;
  close(): Promise<void>;
}

export function watchStarts(ssh: WarmSsh, machines: readonly string[]): Starts {
  const waiting = new Map<string, (() => void)[]>();
  const streams = machines.map((machine) => {
    const [program = "", ...words] = ssh.argv(machine);
    const events = "docker events --filter type=container --filter event=start";
    const child = spawn(program, [...words, events], { stdio: ["ignore", "pipe", "ignore"] });
    createInterface({ input: child.stdout }).on("line", () => {
      for (const wake of waiting.get(machine)?.splice(0) ?? []) wake();
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    return { child, ended };
  });
  return {
    next: () =>
      new Map(
        machines.map((machine) => {
          const list = waiting.get(machine) ?? [];
          waiting.set(machine, list);
          return [machine, new Promise<void>((resolve) => list.push(resolve))];
        }),
      ),
    close: async () => {
      for (const { child } of streams) child.kill();
      await Promise.all(streams.map(({ ended }) => ended));
    },
  };
}
