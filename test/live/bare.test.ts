import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { infoOf } from "../fleet/control.ts";
import { isLoopOf } from "../fleet/disks.ts";
import { entering } from "../fleet/enter.ts";
import { bootFleet, reapDead, type Fleet, type Result } from "../fleet/fleet.ts";
import { up } from "../fleet/hold.ts";
import { netsOf, readOwner } from "../fleet/home.ts";
import { isAlive } from "../fleet/processes.ts";
import { run } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";

describe("a bare machine of the test fleet", { timeout: 900_000 }, () => {
  let fleet: Fleet;

  before(async () => {
    fleet = await bootFleet({
      machines: [
        { name: "plain", bare: "plain", deploy: true },
        { name: "engine", bare: "engine" },
        { name: "copied", bare: "plain", copied: true },
      ],
      packages: true,
      git: false,
    });
  });
  after(() => fleet.down());

  const sh = (name: string, script: string): Promise<Result> =>
    fleet.machine(name).exec(["sh", "-euc", script], { timeoutMs: 300_000 });
  const said = async (name: string, script: string): Promise<string> => {
    const { code, stdout, stderr } = await sh(name, script);
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout.trim();
  };
  const ssh = (login: string, command: string, limit = 10): Promise<Result> => {
    const { knownHostsFile, sshKeyFile } = fleet;
    const limited = ["BatchMode=yes", `ConnectTimeout=${limit}`];
    const options = [`UserKnownHostsFile=${knownHostsFile}`, ...limited];
    const flags = options.flatMap((option) => ["-o", option]);
    return run(["ssh", "-F", "none", ...flags, "-i", sshKeyFile, login, command]);
  };

  it("is a Debian without anything, which systemd has booted well", async () => {
    assert.equal(await said("plain", "systemctl is-system-running"), "running");
    const lacking = "! command -v docker nft crontab curl";
    assert.equal(await said("plain", lacking), "");
    const { address } = fleet.machine("plain");
    const login = await ssh(
      `deploy@${address}`,
      "sudo -n id -un; . /etc/os-release; echo $VERSION_ID",
    );
    assert.equal(login.stdout, "root\n12\n");
    assert.equal((await ssh(`root@${address}`, "hostname")).stdout, "plain\n");
  });

  it("runs services, timers and a journal", async () => {
    const timer = "--on-active=1ms --timer-property=AccuracySec=1ms";
    await said("plain", `systemd-run -q --unit=tick ${timer} echo the timer fired`);
    await until("the timer", async () =>
      (await said("plain", "journalctl -o cat -u tick.service")).includes("the timer fired")
        ? true
        : undefined,
    );
  });

  it("keeps the kernel's settings and the clock of the host as they are", async () => {
    const settings = ["vm/swappiness", "kernel/panic", "fs/file-max"];
    const ofHost = (): Promise<string[]> =>
      Promise.all(settings.map((one) => readFile(`/proc/sys/${one}`, "utf8")));
    const before = await ofHost();
    const wanted =
      "vm.swappiness = 3\nkernel.panic = 77\nfs.file-max = 123456\nnet.ipv4.ip_forward = 1";
    await said(
      "plain",
      `echo '${wanted}' >/etc/sysctl.d/50-test.conf; systemctl restart systemd-sysctl`,
    );
    assert.equal(
      await said("plain", "sysctl vm.swappiness kernel.panic fs.file-max net.ipv4.ip_forward"),
      wanted,
    );
    assert.deepEqual(await ofHost(), before);
    // Should it be let, the host's clock is not far off.
    assert.match((await sh("plain", "date -s @$(date +%s)")).stderr, /not permitted/);
  });

  it("mounts and swaps to files as its fstab says, and gives them back when it loses its power", async () => {
    const swap = `/mnt/${fleet.prefix}`; // the list of all swap is the host's
    const swaps = async (): Promise<boolean> =>
      (await readFile("/proc/swaps", "utf8")).includes(fleet.prefix);
    const files = [
      "truncate -s 16M /disk; mkfs.ext4 -q /disk; mkdir /data; echo '/disk /data ext4 loop' >>/etc/fstab",
      `head -c 1M /dev/zero >${swap}; chmod 600 ${swap}; mkswap -q ${swap}`,
      `echo '${swap} none swap' >>/etc/fstab; systemctl daemon-reload; systemctl start data.mount; swapon -a`,
    ];
    await said("plain", `${files.join("; ")}; losetup -f /disk`);
    assert.equal((await loops(fleet)).length, 2);
    assert.equal(await swaps(), true);
    await fleet.machine("plain").faults.kill();
    assert.equal((await loops(fleet)).length, 0);
    assert.equal(await swaps(), false);
    await fleet.machine("plain").faults.start();
    assert.match(await said("plain", "findmnt -no SOURCE /data"), /^\/dev\/loop/);
    await said("plain", `swapon --show=NAME --noheadings | grep -qxF ${swap}`);
  });

  it("installs packages by way of the host", async () => {
    const install =
      "apt-get update -qq; apt-get install -y -qq htop >/dev/null 2>&1; htop --version";
    assert.match(await said("plain", install), /^htop /);
    const packages = fleet.packages?.requests ?? [];
    assert(packages.some((one) => /^GET http:\/\/deb\.debian\.org\/.*\/htop_.*\.deb$/.test(one)));
  });

  it("reboots by its own command, with its disk and its journal", async () => {
    const machine = fleet.machine("plain");
    const bootId = "cat /proc/sys/kernel/random/boot_id";
    const [first, boot] = [machine.pid(), await said("plain", `echo kept >/etc/kept; ${bootId}`)];
    await ssh(`root@${machine.address}`, "systemctl reboot");
    await until("another boot", async () =>
      machine.pid() !== undefined && machine.pid() !== first ? true : undefined,
    );
    await until("sshd", async () =>
      (await ssh(`deploy@${machine.address}`, "true")).code === 0 ? true : undefined,
    );
    assert.equal(await said("plain", "cat /etc/kept"), "kept");
    assert.notEqual(await said("plain", bootId), boot);
    const journal = `journalctl -q -o cat -b ${boot.replaceAll("-", "")} -u ssh.service`;
    assert.match(await said("plain", journal), /Server listening/);
  });

  it("has an engine whose containers outlive it", async () => {
    const machine = fleet.machine("engine");
    const image = (await fleet.images?.push("app", "v1"))?.reference ?? "";
    await machine.docker(["run", "-d", "--name", "app", "-p", "80:8080", image]);
    const app = async (): Promise<string> =>
      (await fetch(`http://${machine.address}/`, { headers: { connection: "close" } })).text();
    assert.match(await until("the app", app), /^version=v1\n/);
    await machine.faults.stopDockerd();
    assert.notEqual((await machine.exec(["docker", "ps"])).code, 0);
    assert.match(await app(), /^version=v1\n/);
    await machine.faults.startDockerd();
    await machine.faults.freezeDockerd();
    assert.equal((await machine.exec(["docker", "ps"], { timeoutMs: 300 })).code, 124);
    await machine.faults.thawDockerd();
    assert.match(await machine.docker(["ps"]), / app$/m);
  });

  it("swaps to a file in its root where that is a copy", async () => {
    const swap = `/swap-${fleet.prefix}`;
    const swaps = async (): Promise<boolean> =>
      (await readFile("/proc/swaps", "utf8")).includes(swap);
    const make = `head -c 1M /dev/zero >${swap}; chmod 600 ${swap}; mkswap -q ${swap}; swapon ${swap}`;
    await said("copied", make);
    assert.equal(await swaps(), true);
    await fleet.machine("copied").faults.kill();
    assert.equal(await swaps(), false);
    await fleet.machine("copied").faults.start();
  });

  it("loses its network and its sshd and gets both back", async () => {
    const { address, faults } = fleet.machine("plain");
    const login = async (limit?: number): Promise<number> =>
      (await ssh(`root@${address}`, "true", limit)).code;
    await faults.dropInput(22);
    assert.equal(await login(1), 255);
    await faults.acceptInput();
    assert.equal(await login(), 0);
    await faults.stopSshd();
    assert.equal(await login(), 255);
    await faults.startSshd();
    assert.equal(await login(), 0);
  });

  it("leaves nothing when whoever booted it is killed", async () => {
    const { prefix, dir } = await up({ machines: "lost", bare: "plain" });
    const pid = (await infoOf(dir)).machines[0]?.pid ?? 0;
    const use = `truncate -s 16M /disk; losetup -f /disk; head -c 1M /dev/zero >/srv/${prefix}; chmod 600 /srv/${prefix}; mkswap -q /srv/${prefix}; swapon /srv/${prefix}`;
    const [first = "", ...rest] = entering(pid, true);
    assert.equal((await run([first, ...rest, "sh", "-euc", use])).code, 0);
    const net = (await netsOf(prefix))[0] ?? 0;
    assert.equal((await devices([net])).length, 4);
    const owner = await readOwner(dir);
    assert(owner !== undefined);
    process.kill(owner.pid, "SIGKILL");
    await until("its end", async () => (isAlive(owner) ? undefined : true));
    await reapDead();
    assert.deepEqual(await devices([net]), []);
    assert.doesNotMatch(await readFile("/proc/swaps", "utf8"), new RegExp(prefix));
    assert.equal(existsSync(dir), false);
    const groups = ["find", "/sys/fs/cgroup", "-path", `*/slipway-fleet-${prefix}*`];
    assert.equal((await run(groups)).stdout, "");
  });
});

/** Loop devices of the fleets that have these nets. */
async function devices(nets: readonly number[]): Promise<string[]> {
  const number = (name: string): number => Number(name.slice("loop".length));
  return (await readdir("/sys/block")).filter((name) =>
    nets.some((net) => isLoopOf(net, number(name))),
  );
}

/** Those of a fleet that stand for a file. */
async function loops({ prefix }: Fleet): Promise<string[]> {
  const all = await devices(await netsOf(prefix));
  return all.filter((name) => existsSync(`/sys/block/${name}/loop`));
}
