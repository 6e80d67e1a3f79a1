import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createFleet } from "../../src/remote/fleet.ts";
import { must } from "../fleet/run.ts";
import { until } from "../fleet/wait.ts";
import { documentsOf } from "../load/repos.ts";
import { assertPublished } from "../support/published.ts";
import { observedStates } from "../support/observed.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIztnewIOvtM+3f6gwXTe8W2yDzgyuPXKPdY4EfaCFdd";

/** From nothing but sshd to all that a repo can say of a machine; by hand, by a reboot, and from nothing again. */
describe("a machine out of git", { timeout: 900_000 }, () => {
  let stage: Stage;
  let files: Record<string, string>;
  let first: Awaited<ReturnType<typeof observedStates>>;

  const machine = () => stage.fleet.machine("web-1");
  const sh = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await machine().exec(["sh", "-euc", script], {
      timeoutMs: 120_000,
    });
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout.trim();
  };
  const reconcile = async (): Promise<Ran> => {
    const ran = await stage.slipway(["reconcile"], { timeoutMs: 600_000 });
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    return ran;
  };
  const hasNothingToDo = async (): Promise<void> => {
    const plan = await stage.slipway(["plan", "--exit-code"]);
    assert.equal(plan.code, 0, plan.stdout + plan.stderr);
  };
  const page = async (): Promise<string> => {
    const headers = ["-H", "Host: shop.test"];
    return await must([
      "curl",
      "-sS",
      "--max-time",
      "10",
      ...headers,
      `http://${machine().address}/`,
    ]);
  };
  const observed = async (): ReturnType<typeof observedStates> => {
    const text = await readFile(stage.fleet.sshKeyFile, "utf8");
    const remote = createFleet({ privateKeys: [{ source: "key", text }] });
    try {
      const file = await readFile(join(stage.clone, "machines/web-1.yaml"), "utf8");
      return await observedStates(
        remote,
        await documentsOf({ ...files, "machines/web-1.yaml": file }),
      );
    } finally {
      await remote.close();
    }
  };
  /** What stands for the hosting around it: where its engine finds the fleet's registry. */
  const wire = async (): Promise<void> => {
    const daemon = JSON.stringify({ "insecure-registries": [stage.fleet.registry?.address ?? ""] });
    await sh(`mkdir -p /etc/docker; echo '${daemon}' >/etc/docker/daemon.json`);
  };
  before(async () => {
    stage = await openStage({
      machines: [{ name: "web-1", bare: "plain", deploy: true, copied: true }],
      packages: true,
    });
    const { images, registry } = stage.fleet;
    const proxy = await images?.pushProxy();
    await images?.push("shop", "1");
    const { address, hostKey } = machine();
    files = {
      "slipway.yaml": `fleet: acme
defaults: { app: { deploy: { watch: 0s } } }
proxy: { image: ${proxy?.reference ?? ""} }
users: { ada: { keys: ["${key} ada"], sudo: true } }
`,
      "machines/web-1.yaml": `address: ${address}
hostKey: ${hostKey}
machineId: ${await sh("cat /etc/machine-id")}
ssh: { user: deploy }
wireguard: { address: 10.90.0.1/24 }
labels: { role: web }
packages: [htop, nftables, wireguard-tools, wireguard-go]
files: { /etc/motd: motd.txt }
sysctl: { vm.swappiness: 7, net.core.somaxconn: 1234 }
timezone: Europe/Berlin
updates: none
swap: 8m
users: { bob: { keys: ["${key} bob"], shell: /bin/bash } }
firewall: { allow: [{ port: 9999 }] }
sshd: { MaxAuthTries: 3 }
`,
      "machines/motd.txt": "of the repo\n",
      "apps/shop/app.yaml": `
image: ${registry?.address ?? ""}/shop:1
machines: { role: web }
port: 8080
env: { COLOUR: blue }
files: { /etc/shop.conf: shop.conf }
volumes: { data: /data }
routes: [{ host: shop.test, tls: off }]
health: { http: /up, interval: 100ms, deadline: 60s }
`,
      "apps/shop/shop.conf": "x = 1\n",
    };
    await stage.commit("Start", files);
    await wire();
  });
  after(async () => {
    await stage?.close();
  });

  test("is as declared after one pass", async () => {
    await reconcile();
    await hasNothingToDo();
    assert.match(await page(), /^version=1\n/);
    first = await observed();
    const unseen = Object.entries(first).filter(([, state]) => state === "unknown");
    assert.deepEqual([first["web-1 troubles"], unseen], [[], []]);
  });

  test("gets back what is changed by hand, in one pass, and the plan says when and who was there", async () => {
    await sh(`cat >/root/by-hand.sh <<'SCRIPT'\n${byHand}SCRIPT`);
    const login = ["ssh", "-F", "none", "-tt", "-i", stage.fleet.sshKeyFile];
    const any = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    await must([...login, ...any, `root@${machine().address}`, "sh", "/root/by-hand.sh"]);
    const { stdout, stderr } = await stage.slipway(["plan", "--json"]);
    const document = JSON.parse(stdout) as PlanDocument;
    assertPublished("plan", document);
    assert.deepEqual(
      document.changes.map(({ address }) => address.replace("machine/web-1/", "")).toSorted(),
      [...changed, ...changedWithoutTrace].toSorted(),
      stderr,
    );
    const told = document.changes.filter(({ reason }) => reason.changed?.users.includes("root"));
    assert.deepEqual(
      told.map(({ address }) => address.replace("machine/web-1/", "")).toSorted(),
      changed.toSorted(),
    );
    const healed = await reconcile();
    assert.match(
      healed.stderr,
      /\/etc\/motd is not as declared; \/etc\/motd changed at 20[-\d]+ [:\d]+ UTC, while root was logged in/,
    );
    await hasNothingToDo();
    assert.deepEqual(await observed(), first);
    assert.match(await page(), /^version=1\n/);
  });

  test("is the same after a reboot", async () => {
    const bootId = (): Promise<string> => sh("cat /proc/sys/kernel/random/boot_id");
    const before = await bootId();
    await machine().exec(["systemctl", "reboot"]);
    await until("the reboot", async () => {
      const now = await bootId().catch(() => before);
      return now === before ? undefined : true;
    });
    await until(
      "the app",
      async () => (await page().catch(() => "")).startsWith("version=1\n") || undefined,
    );
    await hasNothingToDo();
    assert.deepEqual(await observed(), first);
  });

  test("is the same again when it was installed anew, once somebody accepts it", async () => {
    await machine().faults.reinstall();
    await wire();
    const refused = await stage.slipway(["reconcile"]);
    assert.equal(refused.code, 1, refused.stdout);
    assert.match(refused.stdout, /another host key .*slipway machine accept web-1/);
    assert.equal(await sh("ls /var/lib/slipway 2>/dev/null || echo none"), "none");
    const accept = ["--repo", stage.clone, "machine", "accept", "web-1", "--yes"];
    const accepted = await stage.slipway(accept);
    assert.equal(accepted.code, 0, accepted.stderr);
    await stage.commit("Accept web-1 as it is now", {});
    await reconcile();
    await hasNothingToDo();
    assert.match(await page(), /^version=1\n/);
    assert.deepEqual(await observed(), first);
  });
});

interface PlanDocument {
  readonly changes: readonly {
    readonly address: string;
    readonly reason: { readonly changed?: { readonly users: readonly string[] } };
  }[];
}

/** What somebody does to each setting; the machine knows when of the first ones. */
const changed = [
  "files/etc/motd",
  "sysctl/net.core.somaxconn",
  "timezone",
  "updates",
  "users/bob",
  "sshd",
  "names",
  "app/shop/container/1",
];
const changedWithoutTrace = [
  "packages/htop",
  "sysctl/vm.swappiness",
  "swap",
  "firewall",
  "wireguard",
  "proxy",
];
const byHand = `
set -eu
dpkg -r htop >/dev/null
echo by hand >/etc/motd
echo 60 >/proc/sys/vm/swappiness
echo '# by hand' >/etc/sysctl.d/90-slipway-acme-net.core.somaxconn.conf
ln -sf /usr/share/zoneinfo/UTC /etc/localtime
echo '# by hand' >>/etc/apt/apt.conf.d/52slipway-acme
swapoff /var/lib/slipway/acme/swap
echo '${key.replace("IIzt", "IIzu")} mallory' >>/home/bob/.ssh/authorized_keys
sed -i 's/MaxAuthTries 3/MaxAuthTries 5/' /etc/ssh/sshd_config.d/00-slipway-acme.conf
systemctl reload ssh
sed -i '/shop/d' /etc/hosts
ip link delete dev slipway-acme
nft delete table inet slipway-acme
docker stop -t 1 $(docker ps -q --filter label=slipway.proxy=serving) >/dev/null
docker rm -f $(docker ps -q --filter label=slipway.app=shop) >/dev/null
`;
