import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { cleanEnv } from "../fleet/run.ts";
import { stopOnInterrupt } from "../../src/cli/stop.ts";
import { isStop, stopOf } from "../../src/lib/stopped.ts";
import { recordedIo } from "./screen.ts";

const bin = new URL("../../bin/slipway", import.meta.url).pathname;

describe("interrupts", () => {
  it("ask first, and end at once the second time", () => {
    const io = recordedIo();
    const stop = stopOnInterrupt(io);
    io.interrupt();
    assert(isStop(stop.signal));
    assert.deepEqual(io.quits, []);
    io.interrupt();
    assert.deepEqual(io.quits, [130]);
    stop.end();
    io.interrupt();
    assert.equal(io.quits.length, 1);
  });

  it("are something else than a newer revision", () => {
    const preempt = new AbortController();
    const stop = stopOf(preempt.signal);
    preempt.abort("1a2b3c4d");
    assert.equal(stop.aborted, false);
  });
});

/** The git server takes the connection and says nothing: its time limit is far off. */
describe("a stop while the repository is asked", () => {
  let server: Server;
  let dir: string;
  let url: string;
  const sockets = new Set<Socket>();

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "slipway-stop-"));
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/infra.git`;
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(dir, { recursive: true, force: true });
  });

  const stopped = async (command: string, ...more: string[]) => {
    const env = {
      ...cleanEnv,
      PATH: process.env["PATH"],
      HOME: dir,
      SLIPWAY_REPO: url,
      SLIPWAY_STATE: join(dir, command),
      NODE_COMPILE_CACHE: join(tmpdir(), "slipway-compile-cache"),
    };
    const child = spawn(bin, [command, ...more], { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await once(server, "connection");
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number | null];
    // Whoever waits for the server in spite of the stop tells that it did not answer.
    assert.doesNotMatch(said, /answer/);
    return { code, said, out };
  };

  it("ends the daemon well", async () => {
    const { code, said } = await stopped("run");
    assert.equal(code, 0, said);
    assert.match(said, /stopping at the next safe point[^]*stopped\n$/);
  });

  it("ends a pass that has not begun", async () => {
    const { code, said, out } = await stopped("reconcile");
    assert.equal(code, 1, said);
    assert.match(said, /\nslipway: stopped at a safe point/);
    assert.equal(out, "");
  });
});
