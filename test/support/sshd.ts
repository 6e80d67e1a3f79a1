import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Target } from "../../src/remote/session.ts";

export interface SshdUser {
  readonly name: string;
  /** Default /bin/bash. */
  readonly shell?: string;
  /** Passwordless sudo. */
  readonly sudo?: boolean;
  /** Files in its home. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface SshdOptions {
  /** Lines of sshd_config; the first of a keyword wins. */
  readonly config?: readonly string[];
  readonly users?: readonly SshdUser[];
  /** Folders of the host that are empty there, and its own. */
  readonly folders?: readonly string[];
  /** Host key types, default ed25519 alone. */
  readonly hostKeyTypes?: readonly string[];
  /** What /etc/machine-id says, with its line break; default one of its own. */
  readonly machineId?: string;
}

/** A real sshd on a loopback port, with users of its own in namespaces of its own; as root, without a container engine. */
export interface Sshd {
  /** Scratch folder, gone with it; readable for its users. */
  readonly dir: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA…` by type. */
  readonly hostKeys: Readonly<Record<string, string>>;
  /** The private key that root and every user accept. */
  readonly privateKey: string;
  /** Changes what /etc/machine-id says. */
  setMachineId(text: string): Promise<void>;
  /** As root on machine `m`, pinned, unless told otherwise. */
  target(changes?: Partial<Target>): Target;
  /** SIGSTOP to all of its processes: a machine that hangs. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Kills the processes of all connections. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-sshd-"));
  await chmod(dir, 0o755);
  const { hostKeyTypes = ["ed25519"], users = [] } = options;
  const makeKey = async (file: string, type: string): Promise<string> => {
    const made = spawnSync("ssh-keygen", [
      "-q",
      "-t",
      type,
      "-N",
      "",
      "-C",
      "",
      "-f",
      join(dir, file),
    ]);
    if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr.toString()}`);
    return (await readFile(join(dir, `${file}.pub`), "utf8")).trim();
  };
  const hostKeys: Record<string, string> = {};
  for (const type of hostKeyTypes) {
    const line = await makeKey(`host_${type}`, type);
    hostKeys[line.split(" ")[0] ?? ""] = line;
  }
  const authorized = await makeKey("user", "ed25519");
  await writeFile(join(dir, "authorized_keys"), `${authorized}\n`);
  await makeUsers(dir, users);
  const setMachineId = (text: string): Promise<void> => writeFile(join(dir, "machine-id"), text);
  await setMachineId(options.machineId ?? `${randomUUID().replaceAll("-", "")}\n`);
  const configOn = (port: number): string =>
    [
      ...(options.config ?? []),
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      ...hostKeyTypes.map((type) => `HostKey ${dir}/host_${type}`),
      `AuthorizedKeysFile ${dir}/authorized_keys`,
      "StrictModes no",
      "PermitRootLogin prohibit-password",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "UseDNS no",
      "PrintMotd no",
      "MaxStartups 200",
      "PidFile none",
      "",
    ].join("\n");
  await writeFile(join(dir, "start.sh"), startScript(dir, options.folders ?? []));
  const { process, port } = await startOnFreePort(dir, configOn);

  const signal = async (
    name: NodeJS.Signals,
    which: (parent: number) => boolean,
  ): Promise<void> => {
    for (const { pid, parent } of await inside(process.pid ?? 0)) {
      if (which(parent)) kill(pid, name);
    }
  };
  return {
    dir,
    port,
    hostKeys,
    privateKey: await readFile(join(dir, "user"), "utf8"),
    setMachineId,
    target: (changes = {}) => ({
      machine: "m",
      address: "127.0.0.1",
      port,
      user: "root",
      engineSocket: join(dir, "engine.sock"),
      ...(hostKeys["ssh-ed25519"] === undefined ? {} : { hostKey: hostKeys["ssh-ed25519"] }),
      ...changes,
    }),
    freeze: () => signal("SIGSTOP", () => true),
    thaw: () => signal("SIGCONT", () => true),
    cut: () => signal("SIGKILL", (parent) => parent !== process.pid),
    stop: async () => {
      if (process.exitCode === null && process.signalCode === null) {
        process.kill("SIGKILL");
        await once(process, "exit");
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const firstUid = 64_100;

async function makeUsers(dir: string, users: readonly SshdUser[]): Promise<void> {
  // The host's root may have slow start-up files.
  await mkdir(join(dir, "home/root"), { recursive: true });
  const passwd = (await readFile("/etc/passwd", "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) =>
      line.startsWith("root:") ? `root:x:0:0:root:${join(dir, "home/root")}:/bin/bash` : line,
    );
  const group = (await readFile("/etc/group", "utf8")).trimEnd().split("\n");
  const shadow = (await readFile("/etc/shadow", "utf8")).trimEnd().split("\n");
  const sudoers = ["root ALL=(ALL:ALL) ALL"];
  for (const [index, { name, shell = "/bin/bash", sudo = false, files = {} }] of users.entries()) {
    const id = firstUid + index;
    const home = join(dir, "home", name);
    await mkdir(home, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(home, path, ".."), { recursive: true });
      await writeFile(join(home, path), text);
    }
    await chown(home, id, id);
    passwd.push(`${name}:x:${id}:${id}::${home}:${shell}`);
    group.push(`${name}:x:${id}:`);
    shadow.push(`${name}:*:19000:0:99999:7:::`);
    if (sudo) sudoers.push(`${name} ALL=(ALL) NOPASSWD: ALL`);
  }
  const put = async (file: string, lines: readonly string[], mode: number): Promise<void> => {
    await writeFile(join(dir, file), `${lines.join("\n")}\n`);
    await chmod(join(dir, file), mode);
  };
  await put("passwd", passwd, 0o644);
  await put("group", group, 0o644);
  await put("shadow", shadow, 0o600);
  await put("sudoers", sudoers, 0o440);
}

const startScript = (dir: string, folders: readonly string[]): string => `set -eu
for file in passwd group shadow sudoers machine-id; do mount --bind ${dir}/$file /etc/$file; done
for folder in /run ${folders.join(" ")}; do mount -t tmpfs -o mode=0755 own "$folder"; done
mkdir /run/sshd
exec /usr/sbin/sshd -D -e -f ${dir}/sshd_config
`;

/** What is free when it is looked for may be taken by another test file before sshd has it. */
async function startOnFreePort(
  dir: string,
  configOn: (port: number) => string,
): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const argv = ["--pdeathsig", "KILL", "--", ...namespaces, "sh", join(dir, "start.sh")];
  for (let left = 5; ; left--) {
    const port = await freePort();
    await writeFile(join(dir, "sshd_config"), configOn(port));
    const process = spawn("setpriv", argv, { stdio: ["ignore", "ignore", "pipe"] });
    try {
      await listening(process);
      return { process, port };
    } catch (error) {
      if (left === 0 || !String(error).includes("Address already in use")) throw error;
    }
  }
}

async function listening(process: ChildProcess): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    process.stderr?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-10_000);
      if (log.includes("Server listening")) resolve();
    });
    process.once("error", reject);
    process.once("exit", () => reject(new Error(`sshd did not start (is this root?): ${log}`)));
  });
}

/** What runs in the namespaces below `unshare`, its first process included. */
async function inside(outer: number): Promise<{ pid: number; parent: number }[]> {
  const all: { pid: number; parent: number }[] = [];
  const own = await readlink("/proc/self/ns/pid");
  const space = await readlink(`/proc/${outer}/ns/pid_for_children`).catch(() => own);
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const namespace = await readlink(`/proc/${name}/ns/pid`).catch(() => "");
    if (namespace !== space || namespace === own) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    all.push({
      pid: Number(name),
      parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]),
    });
  }
  return all;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It was quicker.
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
