import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { job } from "../../src/kinds/app/job.ts";
import { runScript } from "../../src/kinds/app/job/script.ts";
import { Unreadable } from "../../src/model/live.ts";
import { about } from "../support/converge.ts";
import { EngineSim } from "../support/engine-sim.ts";

/** What an engine answers, by method and path without its query; a wait without an answer never ends. */
type Engine = Readonly<Record<string, { readonly status: number; readonly body?: unknown }>>;

const others = "GET /containers/json";
const [start, wait, stop] = ["start", "wait", "stop"].map((verb) => `POST /containers/c/${verb}`);
const usual: Engine = {
  [others]: { status: 200, body: [] },
  [start ?? ""]: { status: 204 },
  [stop ?? ""]: { status: 204 },
};
const ending = (code: number): Engine => ({
  ...usual,
  [wait ?? ""]: { status: 200, body: { StatusCode: code } },
});

/** Each as its only client of the engine. */
for (const client of ["curl", "perl"]) {
  describe(`what a job's service runs, with ${client}`, () => {
    let folder: string;
    let server: Server;
    let engine: Engine;
    let asked: string[];
    let onWaiting: () => void;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "slipway-job-"));
      writeFileSync(join(folder, "run"), runScript);
      for (const tool of [client, "sh", "date", "sed", "tail", "sleep"])
        symlinkSync(pathOf(tool), join(folder, tool));
      server = createServer((request, response) => {
        const [path] = (request.url ?? "").split("?");
        const key = `${request.method} ${path}`;
        asked.push(key);
        const answer = engine[key];
        if (key === wait) onWaiting();
        if (answer !== undefined)
          response.writeHead(answer.status).end(JSON.stringify(answer.body ?? ""));
        else response.writeHead(200).flushHeaders();
      });
      await new Promise<void>((done) => server.listen(join(folder, "socket"), done));
    });
    beforeEach(() => {
      asked = [];
    });
    after(() => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    });

    const run = async (deadline: string, onWait?: (pid: number) => void): Promise<number> => {
      const argv = [join(folder, "run"), join(folder, "socket"), "acme", "shop", "report", "c"];
      const child = spawn(join(folder, "sh"), [...argv, deadline, "1"], {
        env: { PATH: folder },
        stdio: "ignore",
        detached: true,
      });
      onWaiting = () => child.pid !== undefined && onWait?.(child.pid);
      const code = await new Promise<number | null>((done) => child.once("close", done));
      return code ?? -1;
    };

    test("ends with the container's exit code", async () => {
      for (const code of [0, 3, 137]) {
        engine = ending(code);
        assert.equal(await run("60"), code);
      }
      assert.deepEqual(asked.slice(0, 3), [others, start, wait]);
    });

    test("starts nothing while one runs", async () => {
      engine = { ...ending(0), [others]: { status: 200, body: [{ Id: "x" }] } };
      assert.equal(await run("60"), 75);
      assert.deepEqual(asked, [others]);
    });

    test("says that there is no container, or no engine", async () => {
      engine = { ...ending(0), [start ?? ""]: { status: 404, body: { message: "none" } } };
      assert.equal(await run("60"), 125);
      engine = { ...usual, [others]: { status: 500 } };
      assert.equal(await run("60"), 125);
      engine = { ...usual, [wait ?? ""]: { status: 404, body: { message: "none" } } };
      assert.equal(await run("60"), 125);
    });

    test("stops it at its deadline", async () => {
      engine = usual;
      assert.equal(await run("1"), 124);
      assert.equal(asked.at(-1), stop);
    });

    test("stops it when it is stopped itself", async () => {
      engine = usual;
      // As systemd does: all of its processes.
      assert.equal(await run("60", (pid) => process.kill(-pid, "SIGTERM")), 143);
      assert.equal(asked.at(-1), stop);
    });
  });
}

const pathOf = (tool: string): string => {
  const found = ["/usr/bin", "/bin"].map((folder) => join(folder, tool));
  return found.find((path) => existsSync(path)) ?? tool;
};

test("a machine that cannot run jobs is told of where there are some", () => {
  const sim = new EngineSim();
  const named = new Map([["app/job", ["shop/report"]]]);
  const without = (what: string) => ({
    text: (query: Parameters<EngineSim["text"]>[0]) => sim.text(query)?.replace(`${what}\n`, ""),
    names: () => undefined,
    json: () => [],
    each: () => [],
  });
  for (const what of ["systemd", "client"]) {
    assert.throws(() => job.read(without(what), { ...about, named }), Unreadable);
    assert.equal(job.read(without(what), about).size, 0);
  }
  assert.equal(job.read(sim, { ...about, named }).size, 0);
});
