import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { bootFleet, type Fleet, type Result } from "../fleet/fleet.ts";
import { netsOf } from "../fleet/home.ts";
import { isLoopOf } from "../fleet/disks.ts";
import { run } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";

describe("a bare machine of the test fleet", { timeout: 900_000 }, () => {
  let fleet: Fleet;

  before(async () => {
    fleet = await bootFleet({
      machines: [
        { name: "plain", bare: "plain", deploy: true },
        { name: "engine", bare: "engine" },
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
  const ssh = (login: string, command: string): Promise<Result> => {
    const { knownHostsFile, sshKeyFile } = fleet;
    const options = [`UserKnownHostsFile=${knownHostsFile}`, "BatchMode=yes", "ConnectTimeout=10"];
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
    assert.match((await sh("plain", "date -s @0")).stderr, /not permitted/);
  });

  it("mounts a disk in a file and swaps, and gives both back when it loses its power", async () => {
    const disk =
      "truncate -s 16M /disk; mkfs.ext4 -q /disk; mkdir /data; mount -o loop /disk /data";
    const swap =
      "head -c 1M /dev/zero >/mnt/swap; chmod 600 /mnt/swap; mkswap -q /mnt/swap; swapon /mnt/swap";
    await said("plain", `${disk}; losetup -f /disk; ${swap}`);
    assert.equal((await loops(fleet)).length, 2);
    assert.match(await readFile("/proc/swaps", "utf8"), /^\/mnt\/swap /m);
    await fleet.machine("plain").faults.kill();
    assert.equal((await loops(fleet)).length, 0);
    assert.doesNotMatch(await readFile("/proc/swaps", "utf8"), /^\/mnt\/swap /m);
    await fleet.machine("plain").faults.start();
    assert.equal(await said("plain", "ls -d /data"), "/data");
  });
});

/** Loop devices of the fleet that stand for a file. */
async function loops({ prefix }: Fleet): Promise<string[]> {
  const nets = await netsOf(prefix);
  const isOurs = (name: string): boolean =>
    nets.some((net) => isLoopOf(net, Number(name.slice("loop".length))));
  return (await readdir("/sys/block")).filter(
    (name) => isOurs(name) && existsSync(`/sys/block/${name}/loop`),
  );
}
