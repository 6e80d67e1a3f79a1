import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { bareSystems, type BareOs } from "../fleet/distributions.ts";
import { until } from "../fleet/wait.ts";
import { settingsFile } from "../support/infra.ts";
import { openStage, type Ran, type Stage } from "../support/stage.ts";
import { systemsAsked } from "../support/systems.ts";

const asked = systemsAsked();
const others = bareSystems.filter((os) => os !== "debian-12");

const bobsKey = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"b".repeat(43)} bob`;
const declared = `
packages: [nftables, tzdata, wireguard-tools, wireguard-go, hello]
files: { /etc/motd: motd.txt }
sysctl: { vm.swappiness: 3, net.core.somaxconn: 4097 }
timezone: Europe/Berlin
updates: security
swap: 8m
users: { bob: { keys: ["${bobsKey}"], sudo: true, groups: [docker], shell: /bin/bash } }
firewall: { allow: [{ port: 9999, from: 198.51.100.0/24 }] }
sshd: { PasswordAuthentication: no, MaxAuthTries: 3 }
wireguard: { address: 10.90.0.1/24 }
`;

/** What can be seen of all that, by what the machine's own programs say. */
const look = (name: string): string => `
set +e
getent passwd bob || echo no bob
readlink /etc/localtime; cat /etc/timezone 2>&1
case $(dpkg-query -W -f '\${db:Status-Status}' unattended-upgrades 2>&1) in
  installed) apt-config dump | grep -E '^(APT::Periodic::|Unattended-Upgrade::(Origins|Allowed))' ;;
esac
sysctl -n vm.swappiness net.core.somaxconn 2>/dev/null || cat /proc/sys/vm/swappiness /proc/sys/net/core/somaxconn
grep -o '^[^ ]*${name}[^ ]*' /proc/swaps
cat /etc/fstab /etc/motd 2>&1
sshd -T | grep -E '^(passwordauthentication|maxauthtries|port) '
for unit in ssh.socket ssh.service ufw.service; do echo "$unit $(systemctl is-active "$unit") $(systemctl is-enabled "$unit" 2>&1)"; done
ip -br -4 address show dev slipway-${name} 2>&1; nft list tables 2>&1 | grep -F slipway; ls -d /etc/wireguard/* /etc/ssh/sshd_config.d/* /etc/sudoers.d/* /etc/sysctl.d/* /etc/apt/apt.conf.d/*slipway* 2>&1
for tool in hello nft wg; do command -v $tool; done
systemctl --failed --no-legend
`;

/** Each takes minutes, so that it is tried where somebody asks for it. */
const skipOf = (os: BareOs): string | false =>
  asked.includes(os) ? false : `only by SLIPWAY_OS=${os} bin/test test/live/distributions.test.ts`;

/** One with an engine and systemd 259 goes off as a test machine soon after it was booted again; why is not known. */
const boots = (os: BareOs): boolean => os !== "ubuntu-26.04";

for (const os of asked.includes("debian-12") ? bareSystems : others)
  describe(`a bare ${os}`, { timeout: 1_200_000, skip: skipOf(os) }, () => {
    let stage: Stage;
    let file = "";
    /** The list of all swap is the host's: no other fleet may have a file of the same path. */
    let name = "";

    const machine = () => stage.fleet.machine("web-1");
    const sh = async (script: string): Promise<string> => {
      const { code, stdout, stderr } = await machine().exec(["sh", "-euc", script]);
      assert.equal(code, 0, `${stdout}${stderr}`);
      return stdout.trim();
    };
    const ended = (ran: Ran, code = 0): string => {
      assert.equal(ran.code, code, `${ran.stdout}${ran.stderr}`);
      return ran.stdout;
    };
    /** Nothing is left to do afterwards. */
    const settle = async (): Promise<string> => {
      const told = ended(await stage.slipway(["reconcile"]));
      ended(await stage.slipway(["plan", "--exit-code"]));
      return told;
    };
    const page = async (): Promise<string> => {
      const answer = await fetch(`http://${machine().address}/`);
      return await answer.text();
    };

    const reboot = async (): Promise<void> => {
      const pid = machine().pid();
      await sh("systemctl reboot || :");
      await until("the boot", async () => {
        const now = machine().pid();
        return now !== undefined && now !== pid ? true : undefined;
      });
      await sh("systemctl is-system-running --wait || :");
      await until("the app", async () =>
        (await page().catch(() => "")) === "" ? undefined : true,
      );
    };

    before(async () => {
      const bare = { name: "web-1", bare: "plain", os, copied: true } as const;
      stage = await openStage({ machines: ["gate", bare], packages: true });
      const { images, registry, prefix } = stage.fleet;
      name = prefix;
      assert.ok(images && registry);
      await images.push("shop", "1");
      await images.pushProxy();
      // As its images come: a user who may become root, and settings of cloud-init's.
      await sh(`
useradd --create-home --shell /bin/bash --password '*' ada
printf 'Defaults use_pty\\nada ALL=(ALL) NOPASSWD:ALL\\n' >/etc/sudoers.d/90-cloud-init-users
install -d -o ada -g ada -m 0700 /home/ada/.ssh
install -o ada -g ada -m 0600 /root/.ssh/authorized_keys /home/ada/.ssh
rm /root/.ssh/authorized_keys
echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/50-cloud-init.conf
mkdir -p /etc/docker
echo '{"insecure-registries": ["${registry.address}"]}' >/etc/docker/daemon.json
`);
      // There it has the name of the kernel's, which real machines have.
      if (os === "ubuntu-22.04") await sh("ln -s wireguard /usr/bin/wireguard-go");
      await stage.commit("Start", {
        "slipway.yaml": `${settingsFile(name)}proxy: { image: "${registry.address}/haproxy:lts" }\n`,
        "machines/gate.yaml": stage.machineFile("gate"),
        "machines/motd.txt": "Welcome\n",
      });
    });
    after(async () => {
      await stage?.close();
    });

    test("is taken in by a sudo user over another machine", async () => {
      const host = `ada@${machine().address}`;
      const argv = ["--repo", stage.clone, "machine", "bootstrap", host, "--jump", "gate"];
      const ran = await stage.slipway([...argv, "--label", "role=web", "--yes"]);
      ended(ran);
      assert.match(ran.stderr, /stays as it is|is made/);
      file = await readFile(join(stage.clone, "machines/web-1.yaml"), "utf8");
      assert.match(file, /jump: gate/);
      await stage.commit("Add web-1", {
        "apps/shop.yaml": `
image: ${stage.fleet.registry?.address ?? ""}/shop:1
machines: { role: web }
port: 8080
health: { http: /up, interval: 100ms, deadline: 60s }
routes: [{ host: "${machine().address}", tls: off }]
jobs: { report: { schedule: "0 3 29 2 *", command: ["sh", "-c", "echo done"] } }
`,
      });
      const told = await settle();
      assert.match(told, /applied/);
      assert.match(await page(), /^version=1\n/);
    });

    test("becomes as its file says, heals, and is so after a boot", async () => {
      const former = await sh(look(name));
      const commit = await stage.commit("Declare", { "machines/web-1.yaml": `${file}${declared}` });
      await settle();
      const applied = await sh(look(name));
      assert.match(await page(), /^version=1\n/);
      ended(await stage.slipway(["jobs", "run", "shop", "report"]));

      await sh(`
userdel bob; timedatectl set-timezone UTC; sysctl -q vm.swappiness=60 || echo 60 >/proc/sys/vm/swappiness
swapoff /var/lib/slipway/${name}/swap; echo gone >/etc/motd
sed -i 's/MaxAuthTries.*/MaxAuthTries 9/' /etc/ssh/sshd_config.d/00-slipway-${name}.conf
nft delete table inet slipway-${name}; ip link del slipway-${name} || :
DEBIAN_FRONTEND=noninteractive apt-get -qq -y remove hello >/dev/null
`);
      const healed = await settle();
      assert.match(healed, /applied .* \(\d+ changes/);
      assert.equal(await sh(look(name)), applied);

      if (boots(os)) await reboot();
      ended(await stage.slipway(["plan", "--exit-code"]));
      assert.equal(await sh(look(name)), applied);

      // Ubuntu's sshd listens where a socket of systemd's does.
      const deaf = await stage.commit("Listen elsewhere", {
        "machines/web-1.yaml": `${file}${declared.replace("sshd: {", "sshd: { ListenAddress: 127.0.0.1,")}`,
      });
      const { stdout } = await stage.slipway(["reconcile"]);
      assert.match(stdout, /sshd as declared would lock us out, and was put back as it was/);
      assert.equal(await sh(look(name)), applied);
      await stage.revert(deaf);
      await settle();
      const near = await stage.commit("Listen there only", {
        "machines/web-1.yaml": `${file}${declared.replace("sshd: {", `sshd: { ListenAddress: ${machine().address},`)}`,
      });
      await settle();
      const listening = "ss -Hltn 'sport = 22' | awk '{ print $4 }'";
      assert.equal(await sh(listening), `${machine().address}:22`);
      await stage.revert(near);
      await settle();
      assert.match(await sh(listening), /^(0\.0\.0\.0|\*):22/m);

      await stage.revert(commit);
      await settle();
      assert.equal(await sh(look(name)), former);
    });
  });
