import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { RemoteError, type Fleet, type Session } from "../../src/remote/session.ts";
import { fleetFor, trouble } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

const timeoutMs = 60_000;

let sshd: Sshd;
before(async () => {
  sshd = await startSshd();
});
after(() => sshd.stop());

async function withFleet(
  options: Parameters<typeof fleetFor>[1],
  work: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const fleet = fleetFor(sshd, options);
  try {
    await work(fleet);
  } finally {
    await fleet.close();
  }
}

const lost = (session: Session): Promise<unknown> =>
  session.gone.aborted ? Promise.resolve() : once(session.gone, "abort");

test("all who ask share one connection", () =>
  withFleet({}, async (fleet) => {
    const [first, second] = await Promise.all([
      fleet.session(sshd.target()),
      fleet.session(sshd.target()),
    ]);
    assert.equal(first, second);
    assert.equal(await fleet.session(sshd.target()), first);
  }));

test("a connection that was cut ends what runs on it, and the next asks anew", () =>
  withFleet({}, async (fleet) => {
    const session = await fleet.session(sshd.target());
    const running = session.exec({ argv: ["sleep", "60"], timeoutMs });
    const process = await session.start({ argv: ["cat"] });
    setTimeout(() => void sshd.cut(), 50);
    await assert.rejects(running, trouble("unreachable", /was lost: |cut off/));
    await assert.rejects(process.exited, trouble("unreachable", /./));
    await lost(session);
    await assert.rejects(
      session.exec({ argv: ["true"], timeoutMs }),
      trouble("unreachable", /was lost: /),
    );
    const next = await fleet.session(sshd.target());
    assert.notEqual(next, session);
    assert.equal((await next.exec({ argv: ["true"], timeoutMs })).code, 0);
  }));

test("a machine that hangs is noticed by keepalives", async () => {
  const hanging = await startSshd();
  const fleet = fleetFor(hanging, { keepaliveMs: 500 });
  const session = await fleet.session(hanging.target());
  const running = session.exec({ argv: ["sleep", "60"], timeoutMs });
  const process = await session.start({ argv: ["cat"] });
  const reading = process.stdout[Symbol.asyncIterator]().next();
  await hanging.freeze();
  await assert.rejects(running, trouble("unreachable", /Keepalive timeout/));
  await assert.rejects(process.exited, trouble("unreachable", /Keepalive timeout/));
  assert.equal((await reading).done, true);
  await assert.rejects(
    session.probe({ host: "127.0.0.1", port: 1, timeoutMs }),
    trouble("unreachable", /Keepalive timeout/),
  );
  await fleet.close();
  await hanging.thaw();
  await hanging.stop();
});

test("closing does not wait for a machine that hangs", async () => {
  const hanging = await startSshd();
  // Keepalives would end it as well, but not before this test's own time is up.
  const fleet = fleetFor(hanging, { keepaliveMs: 600_000 });
  const session = await fleet.session(hanging.target());
  await hanging.freeze();
  await fleet.close();
  assert.ok(session.gone.aborted);
  await assert.rejects(fleet.session(hanging.target()), trouble("unreachable", /closed/));
  await hanging.stop();
});

test("a dead machine is tried once, then left alone for longer and longer, unless asked afresh", async () => {
  let attempts = 0;
  const refusing = createServer((socket) => {
    attempts += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(refusing, "listening");
  const target = sshd.target({ port: (refusing.address() as AddressInfo).port });
  let now = 0;
  await withFleet({ now: () => now, random: () => 1 }, async (fleet) => {
    const ask = async (options?: { fresh: boolean }): Promise<RemoteError> => {
      const error: unknown = await fleet.session(target, options).catch((e: unknown) => e);
      assert.ok(error instanceof RemoteError);
      return error;
    };
    const first = await ask();
    assert.equal(attempts, 1);
    assert.equal(await ask(), first);
    now = 499;
    await ask();
    assert.equal(attempts, 1);
    now = 500;
    await ask();
    assert.equal(attempts, 2);
    now = 1400;
    await ask();
    assert.equal(attempts, 2);
    await ask({ fresh: true });
    assert.equal(attempts, 3);
    // Declared otherwise: what failed before does not count.
    await assert.rejects(fleet.session({ ...target, user: "other" }), trouble("unreachable", /./));
    assert.equal(attempts, 4);
  });
  refusing.close();
});

test("success ends the back-off", async () => {
  let up = false;
  const relay = createServer((socket) => {
    if (!up) return socket.destroy();
    const onward = connect(sshd.port, "127.0.0.1");
    for (const end of [socket, onward]) end.on("error", () => undefined);
    return socket.pipe(onward).pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  const target = sshd.target({ port: (relay.address() as AddressInfo).port });
  let now = 0;
  await withFleet({ now: () => now, random: () => 1 }, async (fleet) => {
    for (const _ of [1, 2, 3]) {
      await assert.rejects(fleet.session(target));
      now += 40_000;
    }
    up = true;
    await (await fleet.session(target)).close();
    up = false;
    await assert.rejects(fleet.session(target));
    now += 500;
    up = true;
    await fleet.session(target);
  });
  relay.close();
});

test("a login without root's rights backs off as well", async () => {
  const strict = await startSshd({ users: [{ name: "nosudo" }] });
  const fleet = fleetFor(strict);
  const target = strict.target({ user: "nosudo" });
  const error: unknown = await fleet.session(target).catch((e: unknown) => e);
  await assert.rejects(fleet.session(target), (again) => again === error);
  await fleet.close();
  await strict.stop();
});

test("a target that is declared otherwise is connected to anew", () =>
  withFleet({}, async (fleet) => {
    const first = await fleet.session(sshd.target());
    const second = await fleet.session(sshd.target({ engineSocket: "/run/other.sock" }));
    assert.notEqual(first, second);
    await lost(first);
    assert.equal((await second.exec({ argv: ["true"], timeoutMs })).code, 0);
  }));

test("handshakes are few at a time", async () => {
  let begun = 0;
  const first = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  const relay = createServer((socket) => {
    begun += 1;
    if (begun === 3) first.resolve();
    const onward = connect(sshd.port, "127.0.0.1");
    for (const end of [socket, onward]) end.on("error", () => undefined);
    void letGo.promise.then(() => socket.pipe(onward).pipe(socket));
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  const port = (relay.address() as AddressInfo).port;
  const user = "nobody-there";
  await withFleet({ maxHandshakes: 3 }, async (fleet) => {
    const targets = Array.from({ length: 12 }, (_, i) =>
      sshd.target({ machine: `m${i}`, port, user }),
    );
    const all = Promise.allSettled(targets.map((target) => fleet.session(target)));
    await first.promise;
    // Whoever else was let begin would have come before a whole login elsewhere.
    await withFleet({}, async (other) => void (await other.session(sshd.target())));
    assert.equal(begun, 3);
    letGo.resolve();
    assert.ok((await all).every(({ status }) => status === "rejected"));
  });
  assert.equal(begun, 12);
  relay.close();
});
