import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Job } from "./clients.ts";
import { failureOf, open, versionOf } from "./exchange.ts";
import { encodeFrame, frameKinds, takeFrames, type Frame } from "./frames.ts";
import type { Failure } from "./tally.ts";

/** A WebSocket that wants its words back, all the time; opened anew when it ends. */
export async function socketClient(job: Job, index: number): Promise<void> {
  const { aim, options, tally, stop } = job;
  while (!stop.aborted) {
    const opened = await upgrade(job);
    if (stop.aborted) {
      if ("socket" in opened) opened.socket.destroy();
      return;
    }
    if ("kind" in opened) tally.failed("socket", aim.url, opened);
    else {
      tally.opened();
      const ended = await converse(job, opened.socket, index);
      if (ended === "ours") return;
      if (typeof ended === "number")
        tally.closed({ code: ended, url: aim.url, version: opened.version });
      else tally.failed("socket", aim.url, ended);
    }
    await pause(options.pauseMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

interface Opened {
  readonly socket: Socket;
  readonly version: string;
}

function upgrade({ aim, options, stop }: Job): Promise<Opened | Failure> {
  const key = randomBytes(16).toString("base64");
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": key,
    "sec-websocket-version": "13",
  };
  const { timeoutMs } = options;
  return new Promise((resolve) => {
    const call = open(aim, { path: "/ws", headers, timeoutMs, signal: stop });
    call.on("error", (error) => resolve(failureOf(error, false)));
    call.once("response", (reply: IncomingMessage) => {
      reply.resume().once("error", () => undefined);
      call.destroy();
      resolve({ kind: `status ${reply.statusCode}`, detail: "instead of an upgrade" });
    });
    call.once("upgrade", (reply: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.setTimeout(0).removeAllListeners("timeout");
      if (head.length > 0) socket.unshift(head);
      if (reply.headers["sec-websocket-accept"] === acceptOf(key))
        resolve({ socket, version: versionOf(reply) });
      else {
        socket.destroy();
        resolve({ kind: "wrong accept", detail: String(reply.headers["sec-websocket-accept"]) });
      }
    });
    call.end();
  });
}

export const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

/** How it ended: by us, with this code, or by what is a failure. */
function converse(
  { options: { echoMs, timeoutMs }, tally, stop }: Job,
  socket: Socket,
  index: number,
): Promise<"ours" | number | Failure> {
  return new Promise((resolve) => {
    let rest: Buffer = Buffer.alloc(0);
    let turn = 0;
    let awaited: string | undefined;
    let sentAt = 0;
    const end = (how: "ours" | number | Failure): void => {
      clearInterval(timer);
      stop.removeEventListener("abort", leave);
      socket.destroySoon();
      resolve(how);
    };
    const send = (kind: number, text: string): boolean =>
      socket.write(encodeFrame(kind, Buffer.from(text), true));
    const leave = (): void => {
      send(frameKinds.close, "\x03\xe8");
      end("ours");
    };
    stop.addEventListener("abort", leave);
    const timer = setInterval(() => {
      if (awaited === undefined) {
        awaited = `socket ${index} ${turn++}`;
        sentAt = performance.now();
        send(frameKinds.text, awaited);
      } else if (performance.now() - sentAt > timeoutMs)
        end({ kind: "timeout", detail: `no echo of ${awaited}` });
    }, echoMs);
    const take = ({ kind, data }: Frame): void => {
      if (kind === frameKinds.close) end(data.length >= 2 ? data.readUInt16BE() : 1005);
      else if (kind === frameKinds.ping) send(frameKinds.pong, data.toString());
      else if (data.toString() === awaited) {
        awaited = undefined;
        tally.echoed();
      } else end({ kind: "wrong echo", detail: `${data.toString().slice(0, 100)} for ${awaited}` });
    };
    socket.on("data", (chunk: Buffer) => {
      const taken = takeFrames(Buffer.concat([rest, chunk]));
      if (taken === undefined) return end({ kind: "wrong echo", detail: "a long frame" });
      rest = taken.rest;
      for (const frame of taken.frames) take(frame);
    });
    socket.once("error", () => end(1006));
    socket.once("close", () => end(1006));
    socket.resume();
  });
}
