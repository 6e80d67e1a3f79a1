import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { realFolders } from "./disks.ts";
import { execOn } from "./enter.ts";
import type { Machine } from "./machine.ts";
import { authorize, makeHostKey, writeInto, type RootPlan } from "./root.ts";
import { must } from "./run.ts";
import type { BareSort } from "./types.ts";

/** Where the apt of bare machines is told to go; nobody listens there unless the fleet has packages. */
export const packagesPort = 3142;

/** Lays what a bare machine has of its own over its tree and gives its host key. */
export async function prepareBareRoot(
  plan: RootPlan,
  sort: BareSort,
  packages: boolean,
): Promise<string> {
  const upper = join(plan.dir, "upper");
  for (const path of realFolders)
    await mkdir(join(plan.dir, "data", path), { recursive: true, mode: 0o755 });
  for (const path of ["work", "root"]) await mkdir(join(plan.dir, path));
  await mkdir(upper, { mode: 0o755 });
  await mkdir(join(upper, "root"), { mode: 0o700 });
  await authorize(join(upper, "root"), 0, plan.authorizedKey);
  const put = (path: string, text: string): Promise<void> => writeInto(upper, path, text, 0o644);
  await put("etc/hostname", `${plan.name}\n`);
  await put(
    "etc/hosts",
    `127.0.0.1 localhost\n127.0.1.1 ${plan.name}\n::1 localhost ip6-localhost\n`,
  );
  // Nobody answers there, and says so at once: looking up an unknown name never takes long.
  await put("etc/resolv.conf", `nameserver ${plan.hostAddress}\n`);
  await put("etc/machine-id", `${randomUUID().replaceAll("-", "")}\n`);
  if (packages)
    await put(
      "etc/apt/apt.conf.d/90fleet",
      `Acquire::http::Proxy "http://${plan.hostAddress}:${packagesPort}";\n`,
    );
  if (sort === "engine" && plan.insecureRegistry !== undefined) {
    const config = { "live-restore": true, "insecure-registries": [plan.insecureRegistry] };
    await put("etc/docker/daemon.json", JSON.stringify(config));
  }
  return makeHostKey(upper, plan.name);
}

/** Makes a root of its own out of what it would lie over and what is laid over that. */
export async function copyRoot(dir: string, layers: readonly string[]): Promise<void> {
  const script = `mount -t overlay all -o "lowerdir=$2" "$1/root" && cp -a "$1/root/." "$1/copy"`;
  const all = [join(dir, "upper"), ...layers].join(":");
  await must(["unshare", "--mount", "sh", "-euc", script, "copy", dir, all]);
}

const addDeploy = `set -eu
useradd --create-home --shell /bin/bash --password '*' deploy
if getent group docker >/dev/null; then usermod --append --groups docker deploy; fi
printf 'deploy ALL=(ALL) NOPASSWD:ALL\\n' >/etc/sudoers.d/deploy
chmod 0440 /etc/sudoers.d/deploy
install -d -o deploy -g deploy -m 0700 /home/deploy/.ssh
install -o deploy -g deploy -m 0600 /root/.ssh/authorized_keys /home/deploy/.ssh
`;

/** Gives a machine that has come up the user deploy, as bootstrap would. */
export async function deployOn(machine: Machine): Promise<void> {
  const { code, stderr } = await execOn(machine, ["sh", "-s"], { input: addDeploy });
  if (code !== 0) throw new Error(`${machine.name}: adding deploy: ${stderr.trim()}`);
}

/** A fault's script for bare machines, which have nothing of the fleet on their disks. */
export const bareService = (): Promise<string> =>
  readFile(join(import.meta.dirname, "bare-service.sh"), "utf8");
