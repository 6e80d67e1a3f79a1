import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Clients } from "./crew.ts";
import type { Order, Reply, Task } from "./run.ts";
import type { LoadReport, Target } from "./types.ts";

export type * from "./types.ts";

/** Clients at work in a process of their own, so that they do not wait for what the tests do, nor the tests for them. */
export interface Load {
  /** So far. */
  look(): Promise<LoadReport>;
  /** Lets what is under way finish, and ends. */
  stop(): Promise<LoadReport>;
}

interface Waiting {
  resolve(report: LoadReport): void;
  reject(error: Error): void;
}

export async function startLoad(targets: readonly Target[], clients: Clients = {}): Promise<Load> {
  const task: Task = { targets, clients };
  const child = fork(fileURLToPath(new URL("run.ts", import.meta.url)), [JSON.stringify(task)], {
    execArgv: ["--max-semi-space-size=4", "--max-old-space-size=128"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const waiting = new Map<Reply["to"], readonly Waiting[]>();
  const wait = (to: Reply["to"], those: readonly Waiting[]): void => {
    waiting.set(to, those);
    // A test that fails and forgets the load can end all the same, and the load with it.
    const isAwaited = [...waiting.values()].flat().length > 0;
    child.channel?.[isAwaited ? "ref" : "unref"]();
  };
  const next = (to: Reply["to"]): Promise<LoadReport> =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(new Error("the load has ended"));
      wait(to, [...(waiting.get(to) ?? []), { resolve, reject }]);
      if (to !== "start") child.send(to satisfies Order, (error) => error && reject(error));
    });
  child.on("message", ({ to, report }: Reply) => {
    const [first, ...others] = waiting.get(to) ?? [];
    wait(to, others);
    first?.resolve(report);
  });
  child.once("exit", (code, signal) => {
    const error = new Error(`the load's process ended with ${code ?? signal}`);
    for (const { reject } of [...waiting.values()].flat()) reject(error);
  });
  child.unref();
  await next("start");
  return {
    look: () => next("look"),
    stop: async () => {
      const report = await next("stop");
      child.ref();
      await ended;
      return report;
    },
  };
}
