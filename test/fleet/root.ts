import { chmod, chown, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { must } from "./run.ts";

/** What goes into a machine's root before its first boot. */
export type RootPlan = {
  dir: string;
  name: string;
  prefix: string;
  address: string;
  hostAddress: string;
  authorizedKey: string;
  insecureRegistry: string | undefined;
};

const deployId = 1999;

/** Lays the machine's own files over the host's root and gives its host key. */
export async function prepareRoot(plan: RootPlan): Promise<string> {
  const upper = join(plan.dir, "upper");
  const data = join(plan.dir, "data");
  const owned = [
    "root",
    "home",
    "opt",
    "srv",
    "mnt",
    "media",
    "var/lib/docker",
    "etc/cron.d",
    "usr/local",
  ];
  for (const path of owned) await mkdir(join(data, path), { recursive: true, mode: 0o755 });
  for (const path of ["var/tmp", "var/spool/cron/crontabs"]) {
    await mkdir(join(data, path), { recursive: true });
    await chmod(join(data, path), 0o1777);
  }
  for (const path of ["bin", "sbin", "etc", "lib", "share"])
    await mkdir(join(data, "usr/local", path));
  await chmod(join(data, "root"), 0o700);
  for (const path of ["work", "root"]) await mkdir(join(plan.dir, path));

  await addUsers(upper, join(data, "home/deploy"));
  await authorize(join(data, "root"), 0, plan.authorizedKey);
  await authorize(join(data, "home/deploy"), deployId, plan.authorizedKey);

  const put = (path: string, text: string, mode = 0o644): Promise<void> =>
    writeInto(upper, path, text, mode);
  await put("etc/hostname", `${plan.name}\n`);
  await put(
    "etc/hosts",
    `127.0.0.1 localhost\n127.0.1.1 ${plan.name}\n::1 localhost ip6-localhost\n`,
  );
  // Nobody answers there, and says so at once: looking up an unknown name never takes long.
  await put("etc/resolv.conf", `nameserver ${plan.hostAddress}\n`);
  await put("etc/machine-id", `${randomUUID().replaceAll("-", "")}\n`);
  await put("etc/crontab", "");
  await put("etc/environment", "");
  await put("etc/inittab", "::sysinit:/etc/fleet/boot.sh\n");
  await put("etc/sudoers.d/deploy", "deploy ALL=(ALL) NOPASSWD:ALL\n", 0o440);
  await put("etc/ssh/sshd_config", sshdConfig);
  await put("etc/docker/daemon.json", engineConfig(plan));
  for (const script of ["boot.sh", "service.sh"])
    await install(script, join(upper, "etc/fleet", script));
  for (const name of ["reboot", "poweroff", "halt", "shutdown"]) {
    await install("reboot.sh", join(data, "usr/local/sbin", name));
  }
  return makeHostKey(upper, plan.name);
}

export async function makeHostKey(upper: string, name: string): Promise<string> {
  const key = join(upper, "etc/ssh/ssh_host_ed25519_key");
  await mkdir(dirname(key), { recursive: true, mode: 0o755 });
  await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key]);
  return (await readFile(`${key}.pub`, "utf8")).split(" ").slice(0, 2).join(" ");
}

const sshdConfig = `HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
`;

function engineConfig(plan: RootPlan): string {
  return JSON.stringify({
    "live-restore": true,
    "storage-driver": "overlay2",
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "cgroup-parent": `/slipway-fleet-${plan.prefix}/${plan.name}`,
    "insecure-registries": plan.insecureRegistry === undefined ? [] : [plan.insecureRegistry],
  });
}

async function install(script: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await copyFile(join(import.meta.dirname, script), target);
  await chmod(target, 0o755);
}

export async function writeInto(
  upper: string,
  path: string,
  text: string,
  mode: number,
): Promise<void> {
  const file = join(upper, path);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await writeFile(file, text);
  await chmod(file, mode);
}

/** The host's users without its people, and deploy: in the engine's group, with a password that never matches. */
async function addUsers(upper: string, home: string): Promise<void> {
  const lines = async (file: string): Promise<string[]> =>
    (await readFile(file, "utf8"))
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("deploy:"));
  const person = (line: string): boolean => {
    const id = Number(line.split(":")[2]);
    return id >= 1000 && id < 60000;
  };
  const passwd = await lines("/etc/passwd");
  const people = new Set(passwd.filter(person).map((line) => line.split(":")[0]));
  const kept = (all: string[]): string[] => all.filter((line) => !people.has(line.split(":")[0]));
  const groups = kept(await lines("/etc/group")).map((line) =>
    line.startsWith("docker:") ? `${line.split(":").slice(0, 3).join(":")}:deploy` : line,
  );
  const write = (path: string, all: string[], mode: number): Promise<void> =>
    writeInto(upper, path, `${all.join("\n")}\n`, mode);
  await write(
    "etc/passwd",
    [...kept(passwd), `deploy:x:${deployId}:${deployId}::/home/deploy:/bin/bash`],
    0o644,
  );
  await write("etc/group", [...groups, `deploy:x:${deployId}:`], 0o644);
  await write(
    "etc/shadow",
    [...kept(await lines("/etc/shadow")), "deploy:*:19000:0:99999:7:::"],
    0o640,
  );
  await mkdir(home, { recursive: true, mode: 0o755 });
  await chown(home, deployId, deployId);
}

export async function authorize(home: string, id: number, key: string): Promise<void> {
  const folder = join(home, ".ssh");
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, "authorized_keys"), key, { mode: 0o600 });
  for (const path of [folder, join(folder, "authorized_keys")]) await chown(path, id, id);
}
