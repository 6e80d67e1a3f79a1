import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { release } from "node:os";
import { describe, test } from "node:test";
import type { Json } from "../../src/lib/json.ts";
import { queryKey, type Answer } from "../../src/model/query.ts";
import { answersOf } from "../../src/observe/answers.ts";
import { factsQuery, infoQuery, keyQuery, readFacts } from "../../src/observe/facts.ts";

const [, , script = ""] = factsQuery.argv;

const answered = (text: string): Answer => ({
  state: "answered",
  value: { form: "text", text, code: 0 },
});
const absent: Answer = { state: "absent" };
const unknown: Answer = { state: "unknown", why: "nobody knows" };
const info = (more: Json = {}): Answer => ({
  state: "answered",
  value: { form: "json", json: { ServerVersion: "20.10.24", ...(more as object) } },
});

const factsFrom = (
  text: string,
  key: Answer = absent,
  engine: Answer = info(),
): ReturnType<typeof readFacts> =>
  readFacts(
    "web-1",
    "acme",
    answersOf(
      new Map([
        [queryKey(factsQuery), answered(text)],
        [queryKey(keyQuery("acme")), key],
        [queryKey(infoQuery), engine],
      ]),
    ),
  );

const directRoutes = (): readonly string[] =>
  readFileSync("/proc/net/route", "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .filter((line) => line.split(/\s+/)[7] !== "00000000");

for (const shell of [["sh"], ["bash"], ["busybox", "sh"]]) {
  describe(`by ${shell.join(" ")}`, () => {
    test("a machine tells its facts", () => {
      const [command = "", ...args] = shell;
      const before = Date.now();
      const routes = directRoutes();
      const { stdout, stderr, status } = spawnSync(command, [...args, "-c", script]);
      assert.equal(status, 0, stderr.toString());
      assert.equal(stderr.toString(), "");
      const facts = factsFrom(stdout.toString());
      assert.ok(before - 1_000 <= facts.clockMs && facts.clockMs <= Date.now() + 1_000);
      assert.equal(facts.kernel, release());
      assert.equal(facts.bootId, readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
      assert.match(facts.os, /^[^"]+$/);
      assert.ok(
        facts.memoryTotalBytes > facts.memoryAvailableBytes && facts.memoryAvailableBytes > 0,
      );
      assert.ok(facts.diskTotalBytes > facts.diskAvailableBytes && facts.diskAvailableBytes > 0);
      assert.ok(existsSync(facts.engineFolder));
      const { files } = statfsSync(facts.engineFolder);
      assert.equal(facts.inodesTotal, files === 0 ? undefined : files);
      assert.ok(files === 0 || (facts.inodesAvailable ?? files) < files);
      assert.ok(facts.uptimeSeconds > 0 && facts.load1 >= 0);
      for (const route of facts.routes) assert.match(route, /^\d+\.\d+\.\d+\.\d+\/\d+$/);
      // Another test may have made or removed networks on this host meanwhile.
      if (directRoutes().join() === routes.join()) assert.equal(facts.routes.length, routes.length);
    });
  });
}

const told = `os=Debian GNU/Linux 12 (bookworm)
kernel=6.1.0-18-amd64
arch=x86_64
bootId=5b1c
machineId=3d12
clock=1795374543379
uptime=5891.93
load=0.42
memoryTotal=1000
memoryAvailable=400
engineFolder=/var/lib/docker
diskTotal=2000
diskAvailable=700
inodesTotal=500
inodesAvailable=20
kernels= 6.1.0-18-amd64 6.1.0-21-amd64
routes= Destination/Mask 00000000/00000000 00AE12C6/00FFFFFF 000011AC/0000FFFF
`;

test("sizes are bytes, the clock is milliseconds, the key comes without its line end", () => {
  assert.deepEqual(factsFrom(told, answered("c0ffee\n")), {
    machine: "web-1",
    fleet: "acme",
    root: "/var/lib/slipway/acme",
    key: "c0ffee",
    os: "Debian GNU/Linux 12 (bookworm)",
    kernel: "6.1.0-18-amd64",
    arch: "x86_64",
    bootId: "5b1c",
    machineId: "3d12",
    clockMs: 1_795_374_543_379,
    uptimeSeconds: 5891.93,
    load1: 0.42,
    memoryTotalBytes: 1_024_000,
    memoryAvailableBytes: 409_600,
    diskTotalBytes: 2_048_000,
    diskAvailableBytes: 716_800,
    inodesTotal: 500,
    inodesAvailable: 20,
    isRebootNeeded: true,
    engineFolder: "/var/lib/docker",
    routes: ["198.18.174.0/24", "172.17.0.0/16"],
    engineVersion: "20.10.24",
    addressPools: [],
  });
});

test("the engine says from what it was told to cut networks", () => {
  const pools = [{ Base: "10.200.0.0/16", Size: 24 }, { Base: "odd" }];
  const facts = factsFrom(told, absent, info({ DefaultAddressPools: pools }));
  assert.deepEqual(facts.addressPools, [{ base: "10.200.0.0/16", size: 24 }]);
});

test("a silent engine lacks only what it says; no key yet is no key", () => {
  const facts = factsFrom(told, absent, unknown);
  assert.equal(facts.engineVersion, undefined);
  assert.equal(facts.addressPools, undefined);
  assert.equal(facts.key, undefined);
});

test("inodes and a need of a reboot that are not told are not known", () => {
  const { inodesTotal, inodesAvailable, isRebootNeeded } = factsFrom(
    told.replace("inodesTotal=500", "inodesTotal=0").replace(/kernels=.*\n/, ""),
  );
  assert.deepEqual([inodesTotal, inodesAvailable, isRebootNeeded], Array(3).fill(undefined));
});

test("a machine that asks for a reboot needs one", () => {
  const text = `${told.replace(/kernels=.*\n/, "")}reboot=asked\n`;
  assert.equal(factsFrom(text).isRebootNeeded, true);
});

test("a key that cannot be read is not taken for none", () => {
  assert.throws(() => factsFrom(told, unknown), /nobody knows/);
});

for (const [name, text] of [
  ["nothing", ""],
  ["no memory", told.replace(/memoryTotal=.*\n/, "")],
  ["no number", told.replace("diskTotal=2000", "diskTotal=a lot")],
] as const) {
  test(`${name} is unreadable`, () => assert.throws(() => factsFrom(text), /does not tell its/));
}
