import { mkdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { mapLimit } from "../../lib/parallel.ts";
import { printableLine } from "../../lib/text.ts";
import { jsonText } from "../../report/json.ts";
import { findRepository } from "../../source/local/layout.ts";
import { systemGit } from "../../source/local/system-git.ts";
import { SourceError } from "../../source/source.ts";
import type { Context, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { initFiles, placeholderAddress, type InitMachine } from "../init/files.ts";
import { parseMachines } from "../init/machines.ts";
import { keyIn, writeNew } from "../init/write.ts";
import { configDir } from "../options.ts";
import { textFlag, textsFlag } from "../given.ts";
import { UserError } from "../trouble.ts";

export const run: Run = async (context, given) => {
  const { io, options, parts } = context;
  const dir = resolve(io.cwd, given.args[0] ?? ".");
  const fleet = fleetName(textFlag(given, "fleet"), dir);
  const asked = parseMachines(textsFlag(given, "machine"));
  const keyFile = resolve(io.cwd, options.ageKeys[0] ?? join(configDir(io), `${fleet}.agekey`));
  const repository = await findRepository(dir);
  if (!`${keyFile}/`.startsWith(`${repository ?? dir}/`)) {
    const machines =
      textsFlag(given, "machine").length === 0 ? asked : await withHostKeys(context, asked);
    const key = await keyIn(keyFile, parts.ageKey);
    const schemas = await readSchemas();
    await mkdir(dir, { recursive: true });
    // Who reads the repo has another home.
    const shownKey = keyFile.startsWith(`${io.home}/`)
      ? `~${keyFile.slice(io.home.length)}`
      : keyFile;
    const files = initFiles({
      fleet,
      machines,
      recipient: key.recipient,
      keyFile: shownKey,
      schemas,
    });
    await writeNew(dir, files);
    const committed = repository === undefined && (await firstCommit(dir));
    const said = { dir, fleet, files: Object.keys(files), keyFile, isNewKey: key.isNew, committed };
    io.out.write(
      options.json
        ? jsonText({ version: 1, ...said })
        : nextSteps(said, {
            machines,
            repository,
            isUsualKey: keyFile === join(configDir(io), `${fleet}.agekey`),
          }),
    );
    return exit.done;
  }
  throw new UserError(
    "usage",
    `${keyFile} would be inside the repo`,
    "Name a place outside of it with --age-key FILE.",
  );
};

function fleetName(given: string | undefined, dir: string): string {
  const name =
    given ??
    basename(dir)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 30);
  if (/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return name;
  throw new UserError(
    "usage",
    `'${name}' is no name for a fleet`,
    "Give one with --fleet NAME: a-z, 0-9 and '-', at most 40.",
  );
}

/** What a server shows is only worth something once somebody has compared it: hence the fingerprint. */
async function withHostKeys(
  { io, parts }: Context,
  machines: readonly InitMachine[],
): Promise<readonly InitMachine[]> {
  return await mapLimit(machines, 10, async (machine): Promise<InitMachine> => {
    try {
      const shown = await parts.scanHostKey(machine.address, machine.port ?? 22);
      io.err.write(`${machine.name} shows the host key ${shown.fingerprint}\n`);
      return { ...machine, hostKey: shown.text };
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "RemoteError") throw error;
      io.err.write(`${machine.name}: no host key yet: ${printableLine(error.message)}\n`);
      return machine;
    }
  });
}

async function readSchemas(): Promise<Readonly<Record<string, string>>> {
  const names = ["slipway", "machine", "app"].map((name) => `${name}.schema.json`);
  const folder = new URL("../../../schemas/", import.meta.url);
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, await readFile(new URL(name, folder), "utf8")] as const),
    ),
  );
}

/** False where git is not there or knows nobody to commit as. */
async function firstCommit(dir: string): Promise<boolean> {
  const steps = [
    ["init", "--quiet", "--initial-branch", "main"],
    ["add", "--all"],
    ["commit", "--quiet", "--message", "Start the fleet"],
  ];
  try {
    for (const argv of steps) if ((await systemGit(dir, argv)).code !== 0) return false;
    return true;
  } catch (error) {
    if (error instanceof SourceError) return false;
    throw error;
  }
}

interface Said {
  readonly dir: string;
  readonly files: readonly string[];
  readonly keyFile: string;
  readonly isNewKey: boolean;
  readonly committed: boolean;
}

interface Found {
  readonly machines: readonly InitMachine[];
  /** That the new repo is part of. */
  readonly repository: string | undefined;
  /** The key is where every command looks for it. */
  readonly isUsualKey: boolean;
}

function nextSteps(said: Said, { machines, repository, isUsualKey }: Found): string {
  const { dir, files, keyFile, isNewKey, committed } = said;
  const own = files.filter((file) => !file.startsWith("."));
  const isPlaceholder = machines.some(({ address }) => address === placeholderAddress);
  const unpinned = machines.filter((m) => m.hostKey === undefined && !isPlaceholder);
  const pinned = machines.filter((m) => m.hostKey !== undefined);
  const steps = [
    ...(isPlaceholder
      ? [
          "Put your server's address and host key into machines/web-1.yaml; `ssh-keyscan -t ed25519 ADDRESS` shows\n     the key. For a second server copy the file to machines/web-2.yaml.",
        ]
      : []),
    ...(unpinned.length > 0
      ? [
          `Pin a host key for ${unpinned.map(({ name }) => name).join(" and ")} once it can be reached: \`ssh-keyscan -t ed25519 ADDRESS\``,
        ]
      : []),
    ...(pinned.length > 0
      ? [
          "Compare the fingerprints above with the servers' own:\n     `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there.",
        ]
      : []),
    "Each server needs your SSH key for a user who is root or may `sudo -n`; `slipway machine bootstrap HOST` takes in one that has\n     nothing, and Docker Engine is installed where there is none.",
    "Commit what you change: only what is committed is planned and deployed.",
    "`slipway plan` shows what would change, `slipway reconcile` makes it so.",
    ...(committed
      ? []
      : [
          repository === undefined
            ? "Commit it: only what is committed is deployed."
            : `Commit it: it is part of ${repository}, and read with --path.`,
        ]),
  ];
  const key = isNewKey
    ? `A fresh age key for secrets is in ${keyFile}: keep a copy of it, without it they cannot be read.`
    : `The age key for secrets is the one in ${keyFile}.`;
  const where = isUsualKey ? "" : ` Later commands are told of it: SLIPWAY_AGE_KEY=${keyFile}`;
  return `Wrote ${own.join(", ")} to ${dir}${committed ? " and committed them" : ""}.\n${key}${where}\n\nNext:\n${steps.map((step, i) => `  ${i + 1}. ${step}\n`).join("")}`;
}
