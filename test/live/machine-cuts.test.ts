import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { RemoteError, type Fleet as Remote } from "../../src/remote/session.ts";
import { until } from "../fleet/wait.ts";
import { makeAptRepository } from "../support/apt-repository.ts";
import { openController } from "../support/controller.ts";
import { watchCalls, type Call } from "../support/counting.ts";
import { machineFile, settingsFile } from "../support/infra.ts";
import { sampled } from "../support/sampled.ts";
import { openSite, type Site } from "../support/site.ts";

/** All that a machine's file can say of it; the engine was there before. */
const settings = (disk: string): string => `packages: [slipway-one]
timezone: Europe/Berlin
updates: security
swap: 4m
mounts: { /data/one: { device: ${disk}, type: ext4, options: noatime } }
users: { bob: { keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"B".repeat(43)} bob"], sudo: true, groups: [docker], shell: /bin/bash } }
sshd: { MaxAuthTries: 3 }
firewall: { allow: [{ port: 9999 }] }
wireguard: { address: 10.90.0.1/24 }
sysctl: { net.core.somaxconn: 1234 }
files: { /etc/motd: motd.txt, /etc/acme/app.conf: motd.txt }
engine: { liveRestore: true }
`;

/**
 * All of the machine that any of it changes, and what a script that was cut could leave behind. What useradd and its like leave when the
 * power goes is theirs: drafts named by their process, and ranges of ids.
 */
const lookScript = `
cd /
drafts='etc/g?\\(group\\|passwd\\|shadow\\)\\.\\([0-9]*\\|lock\\)'
find etc -xdev ! -name '*-' ! -name .pwd.lock ! -name 'sub[ug]id*' ! -regex "$drafts" ! -path 'etc/alternatives/*' -printf '%p %y %m %u:%g %l\\n' | sort
find etc -xdev -type f ! -name '*-' ! -name 'sub[ug]id*' ! -regex "$drafts" -exec sha256sum -- {} + | sort -k2
dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n' | grep -v '^not-installed'
while read -r name type size rest; do case $name in */cuts/*) echo "$name $size" ;; esac; done </proc/swaps
findmnt -rno TARGET,SOURCE,OPTIONS --mountpoint /data/one
ls /sys/class/net
nft list tables
cat /proc/sys/net/core/somaxconn
/usr/sbin/sshd -T | grep -i maxauthtries
docker info --format '{{.LiveRestoreEnabled}}'
ls -A /var/lib/slipway/cuts
find /var/lib/slipway/cuts/before ! -type d
ls -A /run/sshd.pid*
ls -A /tmp | grep -v ^systemd-
`;

/** How a pass is cut, and how many steps each one gets. */
interface Cuts {
  readonly how: "before a step" | "in a step" | "with its machine";
  readonly steps: number;
}

const some: readonly Cuts[] = [
  { how: "before a step", steps: 11 },
  { how: "in a step", steps: 9 },
  { how: "with its machine", steps: 15 },
];

/** They take many minutes: only where this file is run by itself. */
const everyStep: readonly Cuts[] = [
  { how: "before a step", steps: 2 },
  { how: "in a step", steps: 1 },
  { how: "with its machine", steps: 2 },
];

describe("what a machine should be, cut again and again", { timeout: 6_000_000 }, () => {
  let site: Site;
  let disk: string;
  let bare: string;

  const machine = () => site.fleet.machine("web-1");
  const run = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await machine().exec(["sh", "-c", script]);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  const look = (): Promise<string> => run(`{ ${lookScript} } 2>&1; :`);

  /** One pass that is cut once it has made so many steps; what it was cut at, if it did not end before. */
  const cutPass = async ({ how, steps }: Cuts): Promise<string | undefined> => {
    let cutAt: string | undefined;
    let made = 0;
    let isArmed = false;
    const isTime = ({ text }: Call): boolean => {
      // Whoever comes after one that ended under a dead man's switch waits for a minute.
      const wasArmed = isArmed;
      isArmed = wasArmed ? !/\/cuts \d+ 0$/.test(text) : /\/cuts \d+ 71$/.test(text);
      if (isArmed || wasArmed || /^lock|inventory\.json$|history\.jsonl$/.test(text)) return false;
      made += 1;
      return made > steps || (made === steps && how !== "before a step");
    };
    const cutting = (remote: Remote): Remote =>
      watchCalls(remote, async (call, work) => {
        const gone = new RemoteError(call.machine, "network", "the connection was cut");
        if (cutAt !== undefined) throw gone;
        if (!isTime(call)) return await work();
        cutAt = call.text;
        if (how !== "before a step") {
          work().catch(() => undefined);
          await pause(how === "in a step" ? 3 : 40);
        }
        if (how === "with its machine") await machine().faults.kill();
        await remote.close();
        throw gone;
      });
    const controller = await openController(site.options, cutting);
    await controller.reconcile();
    await controller.close();
    if (cutAt !== undefined && how === "with its machine") {
      await machine().faults.start();
      await run(`losetup ${disk} /disk`);
    }
    return cutAt;
  };
  /** Until one comes to its end: where it is cut at the same step again the next one gets more of them. */
  const cutPasses = async (cuts: Cuts, tell: (text: string) => void): Promise<void> => {
    const seen = new Set<string>();
    let { steps } = cuts;
    for (let passes = 0; passes < 100; passes++) {
      const at = await cutPass({ ...cuts, steps });
      if (at === undefined) return;
      tell(`cut ${cuts.how}: ${at}`);
      steps = seen.has(at) ? steps + 1 : cuts.steps;
      seen.add(at);
    }
    assert.fail("it never comes to its end");
  };

  before(async () => {
    site = await openSite({ machines: [{ name: "web-1", bare: "engine", copied: true }] }, {});
    await makeAptRepository(machine(), ["slipway-one 1.0", "unattended-upgrades 2.9"]);
    await run("apt-get update; echo before >/etc/motd");
    await run(
      `cd /etc/docker; echo '{"live-restore": false}' >daemon.json; systemctl reload docker`,
    );
    // It has only been told to read it.
    await until("the engine's settings", async () =>
      (await run("docker info --format '{{.LiveRestoreEnabled}}'")) === "false" ? true : undefined,
    );
    await run("rm /etc/docker/daemon.json");
    disk = await run("truncate -s 16M /disk; mkfs.ext4 -q /disk; losetup -f --show /disk");
    // Its own name: what is swapped to is known by its path to all machines of the test fleet.
    await site.commit("Fleet", { "slipway.yaml": settingsFile("cuts") });
    await site.settle();
    bare = await look();
  });
  after(async () => {
    await run(`umount /data/one 2>/dev/null; losetup -d ${disk} || :`);
    await site?.close();
  });

  for (const cuts of [...sampled(some, some.length), ...sampled(everyStep, 1_000)])
    test(`${cuts.how}, after ${cuts.steps}: is finished, and reverted`, async (t) => {
      const tell = t.diagnostic.bind(t);
      await site.commit("All that there is", {
        "machines/web-1.yaml": machineFile(site.fleet, "web-1", settings(disk)),
        "machines/motd.txt": "hello\n",
      });
      await cutPasses(cuts, tell);
      await site.settle();
      await site.infra.revert("HEAD");
      await cutPasses(cuts, tell);
      await site.settle();
      const was = new Set(bare.split("\n"));
      const is = new Set((await look()).split("\n"));
      assert.deepEqual([...is.difference(was)], [], "what is there besides");
      assert.deepEqual([...was.difference(is)], [], "what is not there any more");
    });
});
