#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import { askHolder, controlSocket, faultNames, infoOf, obey, type FleetInfo } from "./control.ts";
import { bareSystems } from "./distributions.ts";
import { entering } from "./enter.ts";
import { bootFleet, reapDead } from "./fleet.ts";
import { choose, up, type UpOptions } from "./hold.ts";
import { listFleets } from "./home.ts";
import { cleanEnv } from "./run.ts";

type Chosen = { fleet?: string };

const program = new Command("fleet").description(
  "machines to try Slipway on, made of namespaces of this one",
);

program
  .command("up")
  .description("boot a fleet that stays until 'down'")
  .option("--machines <names>", "names, with commas between", "web-1,web-2,db-1")
  .option("--prefix <prefix>", "name of the fleet (default: a random one)")
  .option("--disk-mib <n>", "an engine's disk of this size on each machine")
  .addOption(
    new Option(
      "--bare <sort>",
      "a system of its own with systemd, as it comes or with an engine",
    ).choices(["plain", "engine"]),
  )
  .addOption(new Option("--os <os>", "what that is, if not Debian 12").choices(bareSystems))
  .option("--keep-state", "leave the state folder behind on 'down'")
  .action(async (options: UpOptions) => print(await up(options)));

program
  .command("hold", { hidden: true })
  .requiredOption("--machines <names>")
  .requiredOption("--prefix <prefix>")
  .option("--disk-mib <n>")
  .option("--bare <sort>")
  .option("--os <os>")
  .option("--keep-state")
  .action(async (options: UpOptions & { prefix: string }) => {
    const disk = options.diskMib === undefined ? {} : { diskMiB: Number(options.diskMib) };
    const sort = options.bare === "plain" || options.bare === "engine" ? options.bare : undefined;
    const os = bareSystems.find((one) => one === options.os);
    const chosen = os === undefined ? {} : { os };
    const bare = sort && ({ bare: sort, deploy: true, ...chosen } as const);
    const machines = options.machines.split(",").map((name) => ({ name, ...disk, ...bare }));
    const { prefix } = options;
    const keepState = options.keepState === true;
    await obey(await bootFleet({ machines, prefix, keepState, packages: bare !== undefined }));
  });

program
  .command("down")
  .description("take a fleet down")
  .option("--fleet <prefix>", "which, where there are several")
  .action(async (options: Chosen) => void (await askHolder(await choose(options), { do: "down" })));

program
  .command("list")
  .description("fleets on this host; clears up after those whose owner is gone")
  .action(async () => {
    for (const prefix of await reapDead()) console.log(`${prefix}  cleared up`);
    for (const { prefix, dir, owner } of await listFleets()) {
      if (existsSync(controlSocket(dir))) print(await infoOf(dir));
      else console.log(`${prefix}  held by process ${owner?.pid ?? "none"}`);
    }
  });

program
  .command("exec <machine> <command...>")
  .description("run a command on a machine: exec web-1 -- docker ps")
  .option("--fleet <prefix>", "which, where there are several")
  .action(async (name: string, command: string[], options: Chosen) => {
    const { machines } = await infoOf(await choose(options));
    const machine = machines.find((one) => one.name === name);
    if (machine?.pid === undefined) throw new Error(`${name} is off or not there`);
    const [first = "", ...enter] = entering(machine.pid, machine.bare !== undefined);
    const ran = spawnSync(first, [...enter, ...command], { stdio: "inherit", env: cleanEnv });
    process.exitCode = ran.status ?? 1;
  });

program
  .command("fault <machine> <kind> [argument]")
  .description(`one of ${faultNames.join(", ")}`)
  .option("--fleet <prefix>", "which, where there are several")
  .action(async (machine: string, kind: string, argument: string | undefined, options: Chosen) => {
    const order = {
      do: "fault",
      machine,
      kind,
      ...(argument === undefined ? {} : { argument }),
    } as const;
    await askHolder(await choose(options), order);
  });

program
  .command("push <name> <tag>")
  .description("push the test app's image to the fleet's registry")
  .option("--fleet <prefix>", "which, where there are several")
  .action(async (name: string, tag: string, options: Chosen) =>
    console.log(await askHolder(await choose(options), { do: "push", name, tag })),
  );

program
  .command("repo <name>")
  .description("make a repository on the fleet's git server")
  .option("--fleet <prefix>", "which, where there are several")
  .action(async (name: string, options: Chosen) =>
    console.log(await askHolder(await choose(options), { do: "repo", name })),
  );

function print(info: FleetInfo): void {
  console.log(`${info.prefix}  ${info.dir}`);
  for (const { name, address, privateAddress, pid } of info.machines) {
    console.log(
      `  ${name}  ${address}  ${privateAddress}  ${pid === undefined ? "off" : `pid ${pid}`}`,
    );
  }
  if (info.registry !== undefined) console.log(`  registry ${info.registry}`);
  if (info.git !== undefined)
    console.log(`  git ${info.git.url} (${info.git.user}:${info.git.token})`);
  console.log(
    `  ssh -i ${info.sshKeyFile} -o UserKnownHostsFile=${info.knownHostsFile} deploy@${info.machines[0]?.address ?? ""}`,
  );
}

await program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
