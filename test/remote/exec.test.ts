import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { script } from "../../src/remote/quote.ts";
import type { Fleet, Session } from "../../src/remote/session.ts";
import { until } from "../fleet/wait.ts";
import { all, fleetFor, trouble } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

let sshd: Sshd;
let fleet: Fleet;
let session: Session;
before(async () => {
  sshd = await startSshd({ users: [{ name: "deploy", sudo: true }] });
  fleet = fleetFor(sshd);
  session = await fleet.session(sshd.target());
});
after(async () => {
  await fleet.close();
  await sshd.stop();
});

const timeoutMs = 60_000;

test("code, stdout and stderr come back, whatever the code", async () => {
  const argv = script("cat; echo oops >&2; exit 3");
  const result = await session.exec({ argv, stdin: Buffer.from([0, 1, 255, 10]), timeoutMs });
  assert.deepEqual(result, {
    code: 3,
    stdout: Buffer.from([0, 1, 255, 10]),
    stderr: Buffer.from("oops\n"),
  });
  assert.equal((await session.exec({ argv: ["no-such-command"], timeoutMs })).code, 127);
  assert.equal((await session.exec({ argv: script("kill -TERM $$"), timeoutMs })).code, 143);
});

test("any words and input arrive byte for byte", async () => {
  const words = fc.array(fc.string({ unit: "binary", maxLength: 30 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(words, fc.uint8Array({ maxLength: 3000 }), async (tried, stdin) => {
      const sent = tried.filter((word) => !word.includes("\0"));
      const argv = script('printf "%s\\0" "$@"; cat', ...sent, "end");
      const { stdout } = await session.exec({ argv, stdin, timeoutMs });
      const expected = Buffer.from([...sent, "end", ""].join("\0"));
      assert.deepEqual(stdout, Buffer.concat([expected, stdin]));
    }),
    { numRuns: 25 },
  );
});

for (const shell of ["/bin/sh", "/bin/dash", "/bin/bash", "/usr/bin/fish"].filter((path) =>
  existsSync(path),
)) {
  test(`words arrive through the login shell ${shell}`, async () => {
    const other = await startSshd({ users: [{ name: "someone", sudo: true, shell }] });
    const otherFleet = fleetFor(other);
    const one = await otherFleet.session(other.target({ user: "someone" }));
    const words = ["", "a'b", "a\\b", "\\'", "\\\\", "$HOME `id` \n ~ * {a,b} !x", "é😀"];
    const { stdout } = await one.exec({ argv: ["printf", "%s\\0", ...words], timeoutMs });
    assert.deepEqual(stdout.toString().split("\0"), [...words, ""]);
    await one.put({ path: join(other.dir, "it's"), content: Buffer.from("x"), mode: "0600" });
    assert.equal(await readFile(join(other.dir, "it's"), "utf8"), "x");
    await otherFleet.close();
    await other.stop();
  });
}

test("megabytes of input and output pass", async () => {
  const stdin = Buffer.alloc(9_000_000, "slipway ");
  const { stdout } = await session.exec({ argv: ["cat"], stdin, timeoutMs, maxBytes: 9_000_000 });
  assert.ok(stdout.equals(stdin));
});

test("more output than allowed ends the command", async () => {
  const file = join(sshd.dir, "limit");
  const argv = script('head -c 3000000 /dev/zero && touch "$1"', file);
  await assert.rejects(
    session.exec({ argv, timeoutMs, maxBytes: 1000 }),
    trouble("limit", /more than 1000 bytes/),
  );
  await assert.rejects(
    session.exec({ argv: script("cat /dev/zero >&2"), timeoutMs, maxBytes: 1000 }),
    trouble("limit", /./),
  );
});

test("a line that is longer than a machine takes is refused before it is sent", async () => {
  await assert.rejects(
    session.exec({ argv: ["echo", "x".repeat(130_000)], timeoutMs }),
    trouble("limit", /longer than/),
  );
});

for (const user of ["root", "deploy"]) {
  test(`a command of ${user} that takes too long is given up, and ended over there`, async () => {
    const limited = await fleet.session(sshd.target({ machine: user, user }));
    const file = join(sshd.dir, `beats-${user}`);
    const argv = script('while :; do echo beat >>"$1"; sleep 0.05; done', file);
    await assert.rejects(
      limited.exec({ argv, timeoutMs: 2_000 }),
      trouble("timeout", /sh did not end in 2 s/),
    );
    const size = async (): Promise<number> => (await stat(file)).size;
    for (let last = -1, now = await size(); last !== now; last = now, now = await size())
      await sleep(400);
  });
}

test("the caller's signal ends the waiting with its own reason", async () => {
  const controller = new AbortController();
  const running = session.exec({ argv: ["sleep", "1"], timeoutMs, signal: controller.signal });
  setTimeout(() => controller.abort(new Error("changed my mind")), 50);
  await assert.rejects(running, /changed my mind/);
  await assert.rejects(
    session.exec({ argv: ["true"], timeoutMs, signal: controller.signal }),
    /changed my mind/,
  );
});

test("a hundred at once all run, six at a time", async () => {
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, i) => session.exec({ argv: ["echo", String(i)], timeoutMs })),
  );
  assert.deepEqual(
    results.map(({ stdout }) => Number(stdout.toString())),
    Array.from({ length: 100 }, (_, i) => i),
  );
});

test("a machine that allows two sessions is waited for", async () => {
  const narrow = await startSshd({ config: ["MaxSessions 2"] });
  const narrowFleet = fleetFor(narrow);
  const one = await narrowFleet.session(narrow.target());
  const results = await Promise.all(
    Array.from({ length: 20 }, () => one.exec({ argv: ["echo", "ok"], timeoutMs })),
  );
  assert.ok(results.every(({ stdout }) => stdout.toString() === "ok\n"));
  await narrowFleet.close();
  await narrow.stop();
});

test("a process is written to and read from while it runs", async () => {
  const process = await session.start({
    argv: script('echo ready; while read -r line; do echo "got $line"; done; echo bye >&2; exit 4'),
  });
  const lines = process.stdout[Symbol.asyncIterator]();
  const next = async (): Promise<string> =>
    Buffer.from((await lines.next()).value ?? []).toString();
  assert.equal(await next(), "ready\n");
  process.write("one\n");
  assert.equal(await next(), "got one\n");
  process.end();
  assert.equal(await process.exited, 4);
  assert.equal(Buffer.concat(await all(process.stderr)).toString(), "bye\n");
});

test("whoever stops reading does not end the process; kill does", async () => {
  const file = join(sshd.dir, "alive");
  const process = await session.start({
    argv: script('echo $$; while read -r line; do echo "$line" >"$1"; done', file),
  });
  let pid = 0;
  for await (const chunk of process.stdout) {
    pid = Number(Buffer.from(chunk).toString());
    break;
  }
  process.write("still here\n");
  const written = await until("the line", async () => (await readFile(file, "utf8")) || undefined);
  assert.equal(written, "still here\n");
  process.kill();
  const gone = await session.exec({
    argv: script('while kill -0 "$1" 2>/dev/null; do sleep 0.02; done', String(pid)),
    timeoutMs,
  });
  assert.equal(gone.code, 0);
});

test("killed processes free their sessions", async () => {
  for (let round = 0; round < 3; round += 1) {
    const processes = await Promise.all(
      Array.from({ length: 6 }, () => session.start({ argv: ["cat"] })),
    );
    for (const process of processes) process.kill();
  }
  assert.equal((await session.exec({ argv: ["echo"], timeoutMs })).code, 0);
});

test("all sessions held by what does not end is told after the time limit", async () => {
  const crowded = await fleet.session(sshd.target({ machine: "crowded" }));
  const processes = await Promise.all(
    Array.from({ length: 6 }, () => crowded.start({ argv: ["cat"] })),
  );
  await assert.rejects(
    crowded.exec({ argv: ["true"], timeoutMs: 100 }),
    trouble("timeout", /no session became free/),
  );
  for (const process of processes) process.end();
  assert.equal((await crowded.exec({ argv: ["true"], timeoutMs })).code, 0);
});
