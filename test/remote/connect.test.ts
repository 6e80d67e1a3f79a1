import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect as connectTcp, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createFleet } from "../../src/remote/fleet.ts";
import { fingerprint, parseHostKey } from "../../src/remote/hostkey.ts";
import { readIdentity } from "../../src/remote/identity.ts";
import type { Fleet } from "../../src/remote/session.ts";
import { fleetFor, trouble } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

const stranger = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

const machineId = "0123456789abcdef0123456789abcdef";

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

let sshd: Sshd;
let fleet: Fleet;
before(async () => {
  sshd = await startSshd({
    machineId: `${machineId}\n`,
    hostKeyTypes: ["rsa", "ecdsa", "ed25519"],
    users: [
      { name: "deploy", sudo: true },
      { name: "nosudo" },
      { name: "noisy", sudo: true, files: { ".bashrc": "echo welcome\n" } },
      { name: "locked", shell: "/usr/sbin/nologin" },
    ],
  });
  fleet = fleetFor(sshd);
});
after(async () => {
  await fleet.close();
  await sshd.stop();
});

for (const type of ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]) {
  test(`a pinned ${type} key is found among several`, async () => {
    const session = await fleet.session(
      sshd.target({ machine: type, hostKey: sshd.hostKeys[type] ?? "" }),
    );
    assert.equal(
      (await session.exec({ argv: ["id", "-u"], timeoutMs: 60_000 })).stdout.toString(),
      "0\n",
    );
    assert.equal(fleet.seenHostKey(type), undefined);
  });
}

test("another host key than the pinned one is refused, and both are told", async () => {
  const seen = parseHostKey(sshd.hostKeys["ssh-ed25519"] ?? "");
  assert.ok(seen);
  const told = (text: string): RegExp => new RegExp(text.replaceAll(/[+/.]/g, String.raw`\$&`));
  const attempt = (): Promise<unknown> =>
    fleet.session(sshd.target({ machine: "wrong", hostKey: stranger }), { fresh: true });
  await assert.rejects(
    attempt(),
    trouble("identity", told("expected SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU")),
  );
  await assert.rejects(attempt(), trouble("identity", told(fingerprint(seen))));
});

test("another machine-id than the pinned one is refused, and both are told; none is not known", async () => {
  const other = machineId.replace("0", "f");
  for (const user of ["root", "deploy"])
    await fleet.session(sshd.target({ machine: `same-${user}`, user, machineId }));
  const wrong = fleet.session(sshd.target({ machine: "web-1", machineId: other }));
  const told = new RegExp(`expected ${other}, seen ${machineId}.*'slipway machine accept web-1'`);
  await assert.rejects(wrong, trouble("identity", told));
  // No right is asked for there.
  const another = sshd.target({ machine: "web-2", user: "nosudo", machineId: other });
  await assert.rejects(fleet.session(another), trouble("identity", /seen/));
  const session = await fleet.session(sshd.target({ machine: "web-3", machineId }));
  for (const text of ["", "uninitialized\n", "no such thing\nat all\n"]) {
    await sshd.setMachineId(text);
    await assert.rejects(
      session.confirm(),
      trouble("identity", /tells no machine-id, expected 0123/),
    );
  }
  await sshd.setMachineId(machineId);
  await session.confirm();
});

test("a host key that cannot be read is refused", async () => {
  const target = sshd.target({ machine: "garbled", hostKey: "ssh-ed25519 AAAA" });
  await assert.rejects(fleet.session(target), trouble("identity", /no host key of a known type/));
});

test("without a pinned key a machine is refused, with the line to write", async () => {
  const { hostKey: _, ...target } = sshd.target({ machine: "unpinned" });
  await assert.rejects(
    fleet.session(target),
    trouble(
      "identity",
      new RegExp(
        `hostKey: ${(sshd.hostKeys["ssh-ed25519"] ?? "").replaceAll(/[+/]/g, String.raw`\$&`)}' into machines/unpinned`,
      ),
    ),
  );
});

test("a new key is accepted only when told so, and then reported", async () => {
  const accepting = fleetFor(sshd, { acceptNewHostKeys: true });
  const { hostKey: _, ...target } = sshd.target({ machine: "fresh" });
  await accepting.session(target);
  assert.equal(accepting.seenHostKey("fresh"), sshd.hostKeys["ssh-ed25519"]);
  await accepting.close();
});

test("a key that was accepted counts as pinned from then on", async () => {
  const other = await startSshd();
  let behind = sshd.port;
  const address = createServer((socket) => {
    const onward = connectTcp(behind, "127.0.0.1");
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(address, "listening");
  const privateKeys = [sshd, other].map((one) => ({ text: one.privateKey, source: "key" }));
  const accepting = createFleet({ privateKeys, acceptNewHostKeys: true });
  const { hostKey: _, ...target } = sshd.target({ machine: "swapped", port: portOf(address) });
  await (await accepting.session(target)).close();
  behind = other.port;
  await assert.rejects(accepting.session(target), trouble("identity", /shows another host key/));
  await accepting.close();
  address.close();
  await other.stop();
});

test("a login that is refused says which key to add", async () => {
  const keyFile = join(sshd.dir, "stranger");
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", keyFile]);
  const text = spawnSync("cat", [keyFile]).stdout.toString();
  const strangers = createFleet({ privateKeys: [{ text, source: keyFile }] });
  await assert.rejects(
    strangers.session(sshd.target()),
    trouble(
      "access",
      /refuses the login as root \(tried 1 key\).*~root\/.ssh\/authorized_keys there: ssh-ed25519 /,
    ),
  );
  await strangers.close();
});

test("an encrypted key is opened once with its passphrase; without one it is unusable", async () => {
  const keyFile = join(sshd.dir, "encrypted");
  await writeFile(keyFile, sshd.privateKey, { mode: 0o600 });
  spawnSync("ssh-keygen", ["-q", "-p", "-N", "open sesame", "-f", keyFile]);
  const text = spawnSync("cat", [keyFile]).stdout.toString();
  assert.throws(
    () => readIdentity([{ text, source: "id" }]),
    /id: the key is encrypted: .*SLIPWAY_SSH_PASSPHRASE/,
  );
  assert.throws(() => readIdentity([{ text, source: "id", passphrase: "wrong" }]), /id: /);
  assert.throws(
    () => readIdentity([{ text: stranger, source: "id.pub" }]),
    /id.pub holds no private key/,
  );
  const opening = createFleet({ privateKeys: [{ text, source: "id", passphrase: "open sesame" }] });
  await opening.session(sshd.target());
  await opening.close();
});

test("an agent's keys work, and a missing agent is named", async () => {
  const agentSocket = join(sshd.dir, "agent.sock");
  const agent = spawn("ssh-agent", ["-D", "-a", agentSocket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(agent.stdout, "data");
    const keyFile = join(sshd.dir, "for-agent");
    await writeFile(keyFile, sshd.privateKey, { mode: 0o600 });
    const added = spawnSync("ssh-add", ["-q", keyFile], {
      env: { ...process.env, SSH_AUTH_SOCK: agentSocket },
    });
    assert.equal(added.status, 0, added.stderr.toString());
    const byAgent = createFleet({ privateKeys: [], agent: agentSocket });
    await byAgent.session(sshd.target());
    await byAgent.close();
  } finally {
    agent.kill();
  }
  const agentless = createFleet({ privateKeys: [], agent: join(sshd.dir, "nobody.sock") });
  await assert.rejects(
    agentless.session(sshd.target()),
    trouble("access", /tried no agent \(Failed to connect/),
  );
  await agentless.close();
});

test("a user with passwordless sudo is root", async () => {
  const session = await fleet.session(sshd.target({ machine: "sudo", user: "deploy" }));
  const result = await session.exec({
    argv: ["sh", "-c", 'id -u; printf %s "$1"', "sh", "A=1 'x' \\n"],
    timeoutMs: 60_000,
  });
  assert.equal(result.stdout.toString(), "0\nA=1 'x' \\n");
  const named = await session.exec({
    argv: ["env", "--", "X=1", "printenv", "X"],
    timeoutMs: 60_000,
  });
  assert.equal(named.stdout.toString(), "1\n");
});

test("a user without sudo is in error, with the line to add", async () => {
  await assert.rejects(
    fleet.session(sshd.target({ machine: "nosudo", user: "nosudo" })),
    trouble(
      "access",
      /sudo: a password is required.*\/etc\/sudoers.d\/nosudo.*nosudo ALL=\(ALL\) NOPASSWD: ALL$/,
    ),
  );
});

test("a login shell that prints of itself is in error, as every answer would be spoilt", async () => {
  const target = sshd.target({ machine: "noisy", user: "noisy" });
  await assert.rejects(fleet.session(target), trouble("access", /prints 'welcome' before/));
});

test("a login shell that runs nothing is in error", async () => {
  const target = sshd.target({ machine: "locked", user: "locked" });
  await assert.rejects(
    fleet.session(target),
    trouble("access", /login shell of locked runs no commands/),
  );
});

test("nobody there, nobody answering and somebody else are unreachable", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  const other = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(
    0,
    "127.0.0.1",
  );
  await Promise.all([once(silent, "listening"), once(other, "listening")]);
  await assert.rejects(
    fleet.session(sshd.target({ machine: "a", port: 1 })),
    trouble("unreachable", /127.0.0.1:1: connection refused/),
  );
  const hurried = fleetFor(sshd, { connectTimeoutMs: 200 });
  await assert.rejects(
    hurried.session(sshd.target({ machine: "b", port: portOf(silent) })),
    trouble("unreachable", /no answer .* in 0.2 s/),
  );
  await assert.rejects(
    hurried.session(sshd.target({ machine: "c", port: portOf(other) })),
    trouble("unreachable", /./),
  );
  await assert.rejects(
    hurried.session(sshd.target({ machine: "d", address: "no-such-host.invalid" })),
    trouble("unreachable", /./),
  );
  await hurried.close();
  silent.close();
  other.close();
});

test("a machine behind a jump host is reached through it, by its own key", async () => {
  const jump = sshd.target({ machine: "bastion", user: "nosudo" });
  const session = await fleet.session(sshd.target({ machine: "behind", jump }));
  const { stdout } = await session.exec({ argv: ["id", "-un"], timeoutMs: 60_000 });
  assert.equal(stdout.toString(), "root\n");
  await assert.rejects(
    fleet.session(sshd.target({ machine: "behind-2", jump, port: 1 })),
    trouble("unreachable", /127.0.0.1:1 through bastion: connection refused/),
  );
  await assert.rejects(
    fleet.session(
      sshd.target({
        machine: "behind-3",
        jump: sshd.target({ machine: "bastion-2", hostKey: stranger }),
      }),
    ),
    trouble("identity", /the jump host bastion-2: .* shows another host key/),
  );
});
