import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { readIdentity } from "../../src/remote/identity.ts";
import { openMachine } from "../../src/remote/machine.ts";
import type { Fleet, Session } from "../../src/remote/session.ts";
import { connect } from "../../src/remote/ssh.ts";
import { startHaproxy, type Haproxy } from "../support/haproxy.ts";
import { fleetFor, trouble } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

const timeoutMs = 60_000;

/** A server on a socket of root's. */
async function listen(
  t: TestContext,
  path: string,
  serve: (socket: Socket) => void,
): Promise<void> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket.on("error", () => undefined));
    serve(socket);
  });
  await once(server.listen(path), "listening");
  await chmod(path, 0o600);
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
}

const ways: readonly { name: string; config: string[]; user: string }[] = [
  { name: "the forwarded socket", config: [], user: "root" },
  {
    name: "a command, where sshd forwards no sockets",
    config: ["AllowStreamLocalForwarding no"],
    user: "root",
  },
  {
    name: "a command by sudo, where the user may not open the socket",
    config: [],
    user: "deploy",
  },
];

for (const { name, config, user } of ways) {
  describe(`by ${name}`, () => {
    let sshd: Sshd;
    let fleet: Fleet;
    let session: Session;
    let proxy: Haproxy;
    before(async () => {
      sshd = await startSshd({
        config,
        users: [{ name: "deploy", sudo: true }],
      });
      fleet = fleetFor(sshd);
      session = await fleet.session(sshd.target({ user }));
      proxy = await startHaproxy(sshd.dir);
    });
    after(async () => {
      await fleet.close();
      await proxy.stop();
      await sshd.stop();
    });

    const say = (text: string): Promise<string> =>
      session.talk({ path: proxy.socket, text, timeoutMs });

    test("HAProxy answers several commands of one line, and payloads", async () => {
      const info = await say("show info;show version\n");
      assert.match(info, /^Name: HAProxy$/m);
      assert.match(info, /\n\n[23]\.\d+/);
      const map = join(sshd.dir, "hosts.map");
      const rows = Array.from({ length: 200 }, (_, i) => `h${i}.example.com/é pool-${i}`);
      assert.equal((await say(`add map ${map} <<\n${rows.join("\n")}\n\n`)).trim(), "");
      const kept = (await say(`show map ${map}\n`)).trim().split("\n");
      assert.deepEqual(
        kept.map((line) => line.replace(/^0x[0-9a-f]+ /, "")),
        rows,
      );
      assert.match(await say("set nothing\n"), /Unknown command|Unknown/i);
    });

    test("many at once are all answered", async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => say("show version\n")));
      assert.ok(answers.every((answer) => /^[23]\./.test(answer)));
    });

    test("the end of what is said is heard there, and large texts pass both ways", async (t) => {
      const path = join(sshd.dir, "echo.sock");
      await listen(t, path, (socket) => void socket.pipe(socket));
      const text = "slipway é\n".repeat(100_000);
      assert.ok((await session.talk({ path, text, timeoutMs })) === text);
      assert.equal(await session.talk({ path, text: "", timeoutMs }), "");
    });

    test("where nothing listens is told apart: no socket, no folder, a file, one that was left behind", async () => {
      const file = join(sshd.dir, "file");
      await writeFile(file, "");
      const dead = await startHaproxy(await mkdtemp(join(sshd.dir, "dead-")));
      await dead.stop();
      assert.ok(existsSync(dead.socket));
      const nowhere = [join(sshd.dir, "none.sock"), join(sshd.dir, "no/x.sock"), file];
      for (const path of [...nowhere, dead.socket])
        await assert.rejects(
          session.talk({ path, text: "x\n", timeoutMs }),
          trouble("network", new RegExp(`^nothing listens at ${path}$`)),
        );
    });

    test("one that never ends its answer is given up in time", async (t) => {
      const path = join(sshd.dir, "hanging.sock");
      await listen(t, path, (socket) => void socket.write("so far"));
      await assert.rejects(
        session.talk({ path, text: "x\n", timeoutMs: 500 }),
        trouble("timeout", /hanging\.sock: .* in 0\.5 s/),
      );
    });

    test("an answer that is too long is given up", async (t) => {
      const path = join(sshd.dir, "flood.sock");
      await listen(t, path, (socket) => void socket.end(Buffer.alloc(3_000_000, "x")));
      await assert.rejects(
        session.talk({ path, text: "x\n", timeoutMs, maxBytes: 1000 }),
        trouble("limit", /flood\.sock: .* 1000 bytes/),
      );
      const exact = await session.talk({
        path,
        text: "x\n",
        timeoutMs,
        maxBytes: 3_000_000,
      });
      assert.equal(exact.length, 3_000_000);
    });

    test("one that closes without hearing has said nothing", async (t) => {
      const path = join(sshd.dir, "closing.sock");
      await listen(t, path, (socket) => void socket.destroy());
      assert.equal(await session.talk({ path, text: "x\n", timeoutMs }), "");
    });

    test("the caller's signal ends it with its own reason", async (t) => {
      const path = join(sshd.dir, "mute.sock");
      const controller = new AbortController();
      await listen(t, path, () => controller.abort(new Error("changed my mind")));
      const { signal } = controller;
      await assert.rejects(
        session.talk({ path, text: "x\n", timeoutMs, signal }),
        /changed my mind/,
      );
    });
  });
}

/** A machine whose sshd forwards no sockets, and that has these commands alone, as links to the host's. */
async function bareMachine(t: TestContext, tools: readonly string[]): Promise<[Session, string]> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-tools-"));
  for (const tool of ["sh", "id", "timeout", "grep", ...tools])
    await symlink(placeOf(tool), join(folder, tool));
  const config = ["AllowStreamLocalForwarding no", `SetEnv PATH=${folder}`];
  const sshd = await startSshd({ config });
  const fleet = fleetFor(sshd);
  t.after(async () => {
    await fleet.close();
    await sshd.stop();
    await rm(folder, { recursive: true });
  });
  return [await fleet.session(sshd.target()), sshd.dir];
}

const placeOf = (tool: string): string =>
  ["/usr/bin", "/bin", ...(process.env["PATH"] ?? "").split(":")]
    .map((folder) => join(folder, tool))
    .find((path) => existsSync(path)) ?? "";

for (const tool of ["perl", "python3", "socat", "nc"].filter((name) => placeOf(name) !== "")) {
  test(`${tool} alone is enough`, async (t) => {
    const [session, dir] = await bareMachine(t, [tool]);
    const proxy = await startHaproxy(dir);
    t.after(() => proxy.stop());
    const talk = (text: string): Promise<string> =>
      session.talk({ path: proxy.socket, text, timeoutMs });
    assert.match(await talk("show info;show version\n"), /^Name: HAProxy\n[^]*\n\n[23]\.\d+/);
    await proxy.stop();
    await assert.rejects(talk("show info\n"), trouble("network", /^nothing listens at/));
  });
}

test("without any tool it is told what to install, but not where nothing listens", async (t) => {
  const [session, dir] = await bareMachine(t, []);
  const path = join(dir, "some.sock");
  const talk = (): Promise<string> => session.talk({ path, text: "x\n", timeoutMs });
  await assert.rejects(talk(), trouble("network", /^nothing listens at/));
  await listen(t, path, (socket) => void socket.end());
  await assert.rejects(talk(), trouble("access", /AllowStreamLocalForwarding.* perl, python3/));
});

test("the way that works is found once", async (t) => {
  const sshd = await startSshd({ users: [{ name: "deploy", sudo: true }] });
  t.after(() => sshd.stop());
  const identity = readIdentity([{ text: sshd.privateKey, source: "test key" }]);
  const path = join(sshd.dir, "echo.sock");
  await listen(t, path, (socket) => void socket.pipe(socket));
  const openings = async (user: string): Promise<readonly string[]> => {
    const opened: string[] = [];
    const connection = await connect(sshd.target({ user }), {
      identity,
      acceptNewHostKeys: false,
      connectTimeoutMs: timeoutMs,
      keepaliveMs: timeoutMs,
    });
    const counted = {
      ...connection,
      openSession: (...given) => (opened.push("command"), connection.openSession(...given)),
      openUnixSocket: (...given) => (opened.push("socket"), connection.openUnixSocket(...given)),
    } satisfies typeof connection;
    const session = await openMachine(counted, () => Promise.resolve(undefined));
    opened.length = 0;
    for (const text of ["1", "2"])
      assert.equal(await session.talk({ path, text, timeoutMs }), text);
    await session.close();
    return opened;
  };
  assert.deepEqual(await openings("root"), ["socket", "socket"]);
  assert.deepEqual(await openings("deploy"), ["socket", "command", "command"]);
});
