import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../fleet/wait.ts";

/** A real HAProxy that serves nothing but its runtime socket, `admin.sock` in the folder, for root alone. */
export interface Haproxy {
  readonly socket: string;
  stop(): Promise<void>;
}

export async function startHaproxy(folder: string): Promise<Haproxy> {
  const socket = join(folder, "admin.sock");
  const config = join(folder, "haproxy.cfg");
  await writeFile(join(folder, "hosts.map"), "");
  await writeFile(
    config,
    `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
backend b
  use-server s if { path,map(${join(folder, "hosts.map")}) -m found }
  server s 0.0.0.0:1 disabled
`,
  );
  const argv = ["--pdeathsig", "KILL", "--", "haproxy", "-db", "-f", config];
  const process = spawn("setpriv", argv, {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(process, "exit");
  await Promise.race([
    until("the runtime socket", () => Promise.resolve(existsSync(socket) || undefined)),
    exited.then(() => Promise.reject(new Error("haproxy did not start"))),
  ]);
  return {
    socket,
    stop: async () => {
      process.kill("SIGKILL");
      await exited;
    },
  };
}
