import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bootFleet, type Fleet } from "../fleet/fleet.ts";
import { cleanEnv, must, run } from "../fleet/run.ts";
import { openController } from "../support/controller.ts";
import { machineFiles, makeInfra, type Infra } from "../support/infra.ts";
import { alternate, say, type Row } from "./row.ts";
import { openWarmSsh, shellLine, type WarmSsh } from "./ssh.ts";

const machineTotal = 10;
const appTotal = 10;
const rounds = 9;
const slowRounds = 3;
const slipway = new URL("../../bin/slipway", import.meta.url).pathname;

/** Nothing to do on 10 machines with 10 apps each: what asking costs. */
export async function benchNothing(): Promise<readonly Row[]> {
  const machines = Array.from({ length: machineTotal }, (_, i) => `m${i + 1}`);
  say(`booting ${machineTotal} machines`);
  const fleet = await bootFleet({ machines });
  const infra = await makeInfra();
  const controller = await openController({ repo: infra.repo, sshKeyFile: fleet.sshKeyFile });
  const ssh = await openWarmSsh(fleet);
  try {
    say(`deploying ${appTotal} apps on each`);
    await infra.commit("Ten apps on ten machines", {
      ...machineFiles(fleet, "bench", machines),
      ...(await appFiles(fleet)),
    });
    const deployed = await controller.reconcile();
    if (deployed.outcome !== "applied") throw new Error(deployed.text);
    const pass = async (): Promise<void> => {
      const { changes, outcome } = await controller.reconcile({ cause: "drift" });
      if (changes !== 0 || outcome !== "applied") throw new Error(`${outcome}: ${changes} changes`);
    };
    await pass();
    const byHand = handScript(ssh, machines);
    const warm = await alternate(rounds, {
      pass,
      byHand: () => must(["sh", "-c", byHand], { env: cleanEnv }),
    });
    const against = { what: "ssh + docker ps, all at once, warm", value: warm.byHand };
    const { pass: value } = warm;
    const rows: Row[] = [
      { what: "nothing to do: a pass of a warm daemon", value, unit: "ms", against, goal: 1.2 },
    ];
    const cold = await coldRun(fleet, infra);
    const playbook = await playbookRun(fleet);
    const slow = await alternate(slowRounds, playbook ? { cold, playbook } : { cold });
    rows.push({
      what: "nothing to do: `slipway reconcile`, started anew",
      value: slow.cold,
      unit: "ms",
      against,
    });
    if (slow.playbook === undefined) {
      say("  ansible-playbook is not installed: not measured");
      return rows;
    }
    const ansible = { what: "ansible-playbook that asks each container", value: slow.playbook };
    rows.push(
      { what: "the same pass", value, unit: "ms", against: ansible, goal: 1 / 50 },
      { what: "`slipway reconcile`, started anew", value: slow.cold, unit: "ms", against: ansible },
    );
    return rows;
  } finally {
    await ssh.close();
    await controller.close();
    await infra.close();
    await fleet.down();
  }
}

async function appFiles(fleet: Fleet): Promise<Readonly<Record<string, string>>> {
  if (fleet.images === undefined) throw new Error("the fleet has no registry");
  const { reference } = await fleet.images.push("shop", "1");
  const app = `image: ${reference}
machines: all
port: 8080
env: { GREETING: hello }
health: { http: /up, interval: 200ms }
deploy: { batch: ${machineTotal}, stopTimeout: 1s }
`;
  return Object.fromEntries(
    Array.from({ length: appTotal }, (_, i) => [`apps/app-${i + 1}.yaml`, app]),
  );
}

const handScript = (ssh: WarmSsh, machines: readonly string[]): string =>
  [...machines.map((m) => `${shellLine([...ssh.argv(m), "docker ps"])} >/dev/null &`), "wait"].join(
    "\n",
  );

/** The command as users run it, with nothing open and its compile cache filled. */
async function coldRun(fleet: Fleet, infra: Infra): Promise<() => Promise<void>> {
  const env = {
    ...cleanEnv,
    PATH: process.env["PATH"],
    HOME: fleet.dir,
    SLIPWAY_REPO: infra.repo,
    SLIPWAY_SSH_KEY: fleet.sshKeyFile,
    SLIPWAY_STATE: join(fleet.dir, "state"),
  };
  const cold = async (): Promise<void> => {
    await must([slipway, "--json", "reconcile"], { env });
  };
  await cold();
  return cold;
}

/**
 * Asks for each app's container and changes nothing, one task an app; with all that makes Ansible fast. Its own module
 * for containers needs a collection here and a library there, and would ask more.
 */
async function playbookRun(fleet: Fleet): Promise<(() => Promise<void>) | undefined> {
  const found = await run(["sh", "-c", "command -v ansible-playbook"]);
  if (found.code !== 0) return undefined;
  const hosts = Object.values(fleet.machines).map(({ address }) => `${address} ansible_user=root`);
  const settings = `[defaults]
inventory = ${join(fleet.dir, "hosts.ini")}
forks = ${machineTotal}
gathering = explicit
private_key_file = ${fleet.sshKeyFile}
[ssh_connection]
pipelining = True
control_path_dir = ${join(fleet.dir, "ansible")}
ssh_args = -F none -o UserKnownHostsFile=${fleet.knownHostsFile} -o ControlMaster=auto -o ControlPersist=600
`;
  const tasks = Array.from({ length: appTotal }, (_, i) => `app-${i + 1}`).map(
    (app) => `    - name: ${app}
      ansible.builtin.command: docker ps -q --filter status=running --filter label=slipway.app=${app}
      changed_when: false
      register: seen
      failed_when: seen.stdout == ""
`,
  );
  const playbook = `- hosts: all\n  tasks:\n${tasks.join("")}`;
  await writeFile(join(fleet.dir, "ansible.cfg"), settings);
  await writeFile(join(fleet.dir, "hosts.ini"), `${hosts.join("\n")}\n`);
  await writeFile(join(fleet.dir, "check.yaml"), playbook);
  const env = { ...cleanEnv, HOME: fleet.dir, ANSIBLE_CONFIG: join(fleet.dir, "ansible.cfg") };
  const play = async (): Promise<void> => {
    await must(["ansible-playbook", join(fleet.dir, "check.yaml")], { env });
  };
  await play();
  return play;
}
