import { kinds } from "../../src/kinds/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { machinePaths } from "../../src/model/paths.ts";
import { observeMachine } from "../../src/observe/observe.ts";
import { createFleet } from "../../src/remote/fleet.ts";
import type { Session } from "../../src/remote/session.ts";
import { openSite, type Site } from "../support/site.ts";
import { machineFile } from "../support/infra.ts";
import { readFile } from "node:fs/promises";
import { cleanEnv, must } from "../fleet/run.ts";
import { alternate, say, type Row } from "./row.ts";
import { openWarmSsh, type WarmSsh } from "./ssh.ts";

const machine = "web-1";
const appTotal = 5;
const rounds = 15;

/** Something of every kind that a machine can be declared to have. */
const declared = `packages: [curl, htop, nftables]
users:
  ada: { keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIztnewIOvtM+3f6gwXTe8W2yDzgyuPXKPdY4EfaCFdd ada"], sudo: true }
  bob: { keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIztnewIOvtM+3f6gwXTe8W2yDzgyuPXKPdY4EfaCFdd bob"] }
firewall: { allow: [{ port: 9100 }] }
sysctl: { vm.swappiness: 10, net.core.somaxconn: 4096, fs.file-max: 500000 }
files: { /etc/motd: motd.txt, /etc/one.conf: motd.txt }
sshd: { MaxAuthTries: 3 }
timezone: Europe/Berlin
updates: none
`;

/** All state of one machine: what a look takes, beside a bare command over a warm connection and the questions' own time. */
export async function benchLook(): Promise<readonly Row[]> {
  say("booting a Debian with systemd");
  const site = await openSite(
    { machines: [{ name: machine, bare: "engine" }], packages: true },
    { "1": {} },
  );
  const text = await readFile(site.fleet.sshKeyFile, "utf8");
  const ssh = await openWarmSsh(site.fleet);
  const remote = createFleet({ privateKeys: [{ text, source: "bench" }] });
  try {
    const bare = { "machines/motd.txt": "hello\n", ...apps(site) };
    await site.commit("A machine", { ...bare, ...machineWith(site, "") });
    await site.settle();
    const { address, hostKey } = site.fleet.machine(machine);
    const engineSocket = "/var/run/docker.sock";
    const target = { machine, address, port: 22, user: "root", hostKey, engineSocket };
    const session = await remote.session(target);
    const few = await measured(site, session, ssh, new Map());
    await site.commit("All of it", machineWith(site, declared));
    await site.settle();
    const many = await measured(site, session, ssh, named);
    return [
      ...rowsOf(`${appTotal} apps`, few),
      ...rowsOf(`${appTotal} apps and all settings`, many),
    ];
  } finally {
    await ssh.close();
    await remote.close();
    await site.close();
  }
}

const named = new Map([
  ["machine/packages", ["curl", "htop", "nftables"]],
  ["machine/users", ["ada", "bob"]],
  ["machine/firewall", ["declared"]],
  ["machine/sysctl", ["vm.swappiness", "net.core.somaxconn", "fs.file-max"]],
  ["machine/files", ["/etc/motd", "/etc/one.conf"]],
  ["machine/sshd", ["MaxAuthTries"]],
  ["machine/timezone", ["Europe/Berlin"]],
  ["machine/updates", ["none"]],
]);

const machineWith = (site: Site, more: string): Readonly<Record<string, string>> => ({
  [`machines/${machine}.yaml`]: machineFile(site.fleet, machine, more),
});

const apps = (site: Site): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Array.from({ length: appTotal }, (_, i) => [
      `apps/app-${i + 1}.yaml`,
      `image: ${site.image("1")}\nmachines: all\nport: 8080\nhealth: { http: /up, interval: 100ms }\n`,
    ]),
  );

interface Measured {
  readonly look: number;
  readonly command: number;
  readonly own: number;
}

const rowsOf = (what: string, { look, command, own }: Measured): readonly Row[] => [
  {
    what: `all state of a machine, ${what}`,
    value: look,
    unit: "ms",
    against: {
      what: `twice ssh … true, warm (${command.toFixed(0)} ms) and the questions' own time (${own.toFixed(0)} ms)`,
      value: 2 * command + own,
    },
    goal: 1,
  },
];

async function measured(
  site: Site,
  session: Session,
  ssh: WarmSsh,
  keys: ReadonlyMap<string, readonly string[]>,
): Promise<Measured> {
  const about = { fleet: "acme", root: machinePaths("acme").root, named: keys };
  const asked: Asked = { script: "", paths: new Set() };
  const first = await observeMachine(listening(session, asked), kinds, about);
  if (first.troubles.length > 0) throw new Error(JSON.stringify(first.troubles));
  const look = async (): Promise<void> => {
    await observeMachine(session, kinds, about, { now: () => systemClock.now() });
  };
  const command = async (): Promise<void> => {
    await must([...ssh.argv(machine), "true"], { env: cleanEnv });
  };
  const own: number[] = [];
  const onTheMachine = async (): Promise<void> => {
    own.push(await ownTime(site, asked));
  };
  const times = await alternate(rounds, { look, command, onTheMachine });
  const sorted = own.toSorted((a, b) => a - b);
  return { look: times.look, command: times.command, own: sorted[Math.floor(rounds / 2)] ?? 0 };
}

interface Asked {
  script: string;
  readonly paths: Set<string>;
}

/** Remembers the one script and the calls of the engine that a look makes. */
const listening = (session: Session, asked: Asked): Session => ({
  ...session,
  start: async (command) => {
    asked.script = String(command.stdin);
    return await session.start(command);
  },
  engine: async (request) => {
    asked.paths.add(request.path);
    return await session.engine(request);
  },
});

/** The shell's questions on its input and the engine's as parameters, side by side; says how many microseconds they took. */
const together = `
from=$(date +%s%N)
exec 3<&0
sh <&3 >/dev/null &
curl -s -Z --parallel-max 16 --unix-socket /var/run/docker.sock "$@" >/dev/null
wait
echo $((($(date +%s%N) - from) / 1000))
`;

/** The same questions, asked on the machine itself, with nothing between; milliseconds. */
async function ownTime(site: Site, { script, paths }: Asked): Promise<number> {
  const urls = [...paths].map((path) => `http://engine${path}`);
  const argv = ["sh", "-c", together, "sh", ...urls];
  const { stdout } = await site.fleet.machine(machine).exec(argv, { input: script });
  return Number(stdout.trim()) / 1_000;
}
