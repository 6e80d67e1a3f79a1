import { request } from "node:http";
import { connect } from "node:net";
import { execOn } from "./enter.ts";
import { powered, type Machine } from "./machine.ts";
import { until } from "./wait.ts";

/** Waits for sshd to greet. */
export function sshdAnswers(machine: Machine): Promise<true> {
  return until(`sshd of ${machine.name}`, async () => {
    powered(machine);
    return new Promise<true | undefined>((resolve, reject) => {
      const socket = connect({ host: machine.address, port: 22, timeout: 500 });
      socket.once("data", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("timeout", () => socket.destroy());
      socket.once("error", reject);
      socket.once("close", () => resolve(undefined));
    });
  });
}

/** Waits for the engine to answer a ping on its own socket. */
export function engineAnswers(machine: Machine): Promise<true> {
  return until(`the engine of ${machine.name}`, async () => {
    const pid = powered(machine);
    return new Promise<true | undefined>((resolve, reject) => {
      const ping = request(
        { socketPath: `/proc/${pid}/root/run/docker.sock`, path: "/_ping", timeout: 500 },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode === 200 ? true : undefined);
        },
      );
      ping.once("timeout", () => ping.destroy(new Error("no answer")));
      ping.once("error", reject);
      ping.end();
    });
  });
}

/** Waits for systemd to have started everything, well or not. */
export function systemAnswers(machine: Machine): Promise<true> {
  return until(`systemd of ${machine.name}`, async () => {
    const { stdout } = await execOn(machine, ["systemctl", "is-system-running", "--wait"], {
      timeoutMs: 60_000,
    });
    return ["running", "degraded"].includes(stdout.trim()) ? true : undefined;
  });
}
