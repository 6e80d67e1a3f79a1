import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { controlSocket, infoOf, type FleetInfo } from "./control.ts";
import { fleetsDir, listFleets, randomPrefix, stateRoot } from "./home.ts";
import { Hopeless, until } from "./wait.ts";

export type UpOptions = {
  machines: string;
  prefix?: string;
  diskMib?: string;
  bare?: string;
  os?: string;
  keepState?: boolean;
};

/** Boots a fleet in a process of its own, which holds it until it is told otherwise. */
export async function up(options: UpOptions): Promise<FleetInfo> {
  const prefix = options.prefix ?? randomPrefix();
  const dir = join(fleetsDir(), prefix);
  if (existsSync(controlSocket(dir))) throw new Error(`a fleet called ${prefix} is up already`);
  await mkdir(stateRoot(), { recursive: true });
  const logFile = join(stateRoot(), `${prefix}.log`);
  const log = openSync(logFile, "w");
  const args = ["hold", "--machines", options.machines, "--prefix", prefix];
  if (options.diskMib !== undefined) args.push("--disk-mib", options.diskMib);
  if (options.bare !== undefined) args.push("--bare", options.bare);
  if (options.os !== undefined) args.push("--os", options.os);
  if (options.keepState === true) args.push("--keep-state");
  const holder = spawn(process.execPath, [join(import.meta.dirname, "cli.ts"), ...args], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  try {
    return await until(
      "the fleet",
      async () => {
        if (holder.exitCode !== null) throw new Hopeless(readFileSync(logFile, "utf8"));
        return existsSync(controlSocket(dir)) ? infoOf(dir) : undefined;
      },
      options.bare === undefined ? 60_000 : 900_000, // the first has to make its tree
    );
  } catch (error) {
    holder.kill();
    throw error;
  } finally {
    await rm(logFile); // the holder has it open, should it have more to say
    holder.unref();
  }
}

/** The folder of the fleet that is meant: the one named, or the only one that takes orders. */
export async function choose({ fleet }: { fleet?: string }): Promise<string> {
  const held = (await listFleets()).filter(
    (one) => one.alive && existsSync(controlSocket(one.dir)),
  );
  const found = fleet === undefined ? held : held.filter((one) => one.prefix === fleet);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.dir;
  throw new Error(
    only === undefined
      ? "no such fleet is up"
      : `which one? --fleet ${held.map((one) => one.prefix).join("|")}`,
  );
}
