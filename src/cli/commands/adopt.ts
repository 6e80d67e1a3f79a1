import { dirname, relative } from "node:path";
import { nameOf, type Found } from "../../adopt/found.ts";
import { translate, type NewApp } from "../../adopt/apps.ts";
import { isPrivateAddress } from "../../lib/ip.ts";
import { didYouMean } from "../../lib/suggest.ts";
import { seal } from "../../secrets/seal.ts";
import { withSealed } from "../../secrets/value-edit.ts";
import { knownMachine } from "../adopt/known.ts";
import { containersOn, hostLook, type HostLook } from "../adopt/look.ts";
import { checkNew, repoLook } from "../adopt/repo.ts";
import { nextText, proposalJson, proposalText, type Proposal } from "../adopt/say.ts";
import type { Context, Given, Run } from "../command.ts";
import { exit } from "../exit.ts";
import { textFlag, textsFlag } from "../given.ts";
import { consent } from "../machine/consent.ts";
import { firstTarget } from "../machine/documents.ts";
import { machineFilesIn, type MachineFile, type MachineFiles } from "../machine/files.ts";
import { machineName, parseHost, type FirstHost } from "../machine/host.ts";
import { newMachineFile } from "../machine/new-file.ts";
import { openPlace } from "../secrets/place.ts";
import { recipientsFor, type RecipientsList } from "../secrets/recipients-for.ts";
import { writeFiles } from "../secrets/write.ts";
import { sshLogin } from "../ssh-login.ts";
import { UserError } from "../trouble.ts";

export const run: Run = async (context, given) => {
  const { io, options, parts } = context;
  const wish = wishOf(given);
  const files = await machineFilesIn(context);
  const place = await openPlace(context);
  const repo = await repoLook(context);
  const remote = await parts.openFleet({ ...(await sshLogin(context)), acceptNewHostKeys: true });
  try {
    const target = await firstTarget(context, wish);
    const session = await remote.session(target);
    const hostKey = remote.seenHostKey(target.machine);
    if (hostKey === undefined) throw new Error("a login without a host key");
    const look = await hostLook(session);
    const { machineId } = look;
    const known = knownMachine(files.all, { hostKey, machineId, name: wish.name });
    const name = known?.name ?? machineName(wish.name, look.hostName);
    const path = known?.path ?? freeFile(files, name);
    const chosen = chosenOf(await containersOn(session), wish.containers, repo.adopted.get(name));
    const appPath = (app: string): string => `${place.prefix}apps/${app}.yaml`;
    const translated = translate(chosen, {
      machine: name,
      taken: new Set([...repo.taken, name]),
      ...(files.hasSchemas
        ? { schema: relative(dirname(appPath("x")), ".schemas/app.schema.json") }
        : {}),
    });
    const secretsOf = (app: NewApp): string => `${place.prefix}secrets/${app.name}.yaml`;
    const readers = await readersOf(context, place.folder, translated.apps, secretsOf);
    const sealed = await sealedFiles(translated.apps, secretsOf, readers);
    const machineText = machineFileOf(files, path, { look, hostKey, wish });
    const written = new Map([
      ...(known === undefined ? [[path, machineText] as const] : []),
      ...translated.apps.map((app) => [appPath(app.name), app.text] as const),
      ...sealed,
    ]);
    await checkNew(context, repo, written);
    const proposal: Proposal = {
      machine: name,
      address: wish.host.address,
      hostKey,
      machineFile: path,
      isNew: known === undefined,
      translated,
      fileOf: (app) => appPath(app.name),
      secretsOf,
      recipients: readers?.recipients.length ?? 0,
    };
    io.err.write(proposalText(proposal));
    if (written.size === 0) {
      io.err.write("There is nothing to be written.\n");
      if (options.json) io.out.write(proposalJson(proposal, true));
      return exit.done;
    }
    if ((await consent(context, given, "Write these files?")) === "unasked") {
      io.err.write("Nothing was written: there is nobody here to ask. Pass --yes to go on.\n");
      if (options.json) io.out.write(proposalJson(proposal, false));
      return exit.pending;
    }
    const changes = [...written].map(([file, after]) => ({ path: file, before: undefined, after }));
    await writeFiles(io, place.folder, changes);
    io.out.write(
      options.json ? proposalJson(proposal, true) : nextText(proposal, [...written.keys()]),
    );
    return exit.done;
  } finally {
    await remote.close();
  }
};

interface Wish {
  readonly host: FirstHost;
  readonly containers: readonly string[];
  readonly name?: string;
  readonly jump?: string;
}

function wishOf(given: Given): Wish {
  const [name, jump] = [textFlag(given, "name"), textFlag(given, "jump")];
  const host = (given.args[0] ?? "").replace(/^ssh:\/\//, "").replace(/\/$/, "");
  return {
    host: parseHost(host),
    containers: textsFlag(given, "container"),
    ...(name === undefined ? {} : { name: machineName(name, "") }),
    ...(jump === undefined ? {} : { jump }),
  };
}

/** Throws UserError where another machine has the name. */
function freeFile(files: MachineFiles, name: string): string {
  const own = files.all.find((file: MachineFile) => file.name === name);
  if (own === undefined) return files.pathOf(name);
  throw new UserError(
    "refused",
    `${own.path} is of another machine, or has another host key pinned`,
    `Give another name with --name, or pin its host key: slipway machine accept ${name}`,
  );
}

/** Without those that an app takes over already. Throws UserError for a name that nothing has. */
function chosenOf(
  all: readonly Found[],
  wished: readonly string[],
  adopted: ReadonlySet<string> = new Set(),
): readonly Found[] {
  const names = all.map(nameOf);
  const unknown = wished.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new UserError(
      "not-found",
      `no container '${unknown}' runs there that is not a fleet's${didYouMean(unknown, names)}`,
      `There are: ${names.join(", ")}`,
    );
  return all.filter((found) => {
    const name = nameOf(found);
    return !adopted.has(name) && (wished.length === 0 || wished.includes(name));
  });
}

/** Throws UserError where there are secrets, and nobody who could read them. */
async function readersOf(
  context: Context,
  folder: string,
  apps: readonly NewApp[],
  secretsOf: (app: NewApp) => string,
): Promise<RecipientsList | undefined> {
  const first = apps.find(({ secrets }) => secrets.size > 0);
  return first === undefined ? undefined : await recipientsFor(context, folder, secretsOf(first));
}

async function sealedFiles(
  apps: readonly NewApp[],
  secretsOf: (app: NewApp) => string,
  readers: RecipientsList | undefined,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  if (readers === undefined) return files;
  for (const app of apps) {
    if (app.secrets.size === 0) continue;
    const armors = new Map<string, string>();
    for (const [key, value] of app.secrets) armors.set(key, await seal(value, readers.recipients));
    const text = withSealed("", armors);
    if (text === undefined) throw new Error("secrets that cannot be written");
    files.set(secretsOf(app), text);
  }
  return files;
}

interface Met {
  readonly look: HostLook;
  readonly hostKey: string;
  readonly wish: Wish;
}

function machineFileOf(
  files: MachineFiles,
  path: string,
  { look, hostKey, wish: { host, jump } }: Met,
): string {
  const own = look.addresses.filter(
    ({ link }) => !/^(?:docker|br-|veth|virbr|cni|podman)/.test(link),
  );
  const privateAddress = isPrivateAddress(host.address)
    ? undefined
    : own.map(({ address }) => address).find(isPrivateAddress);
  return newMachineFile(
    {
      address: host.address,
      port: host.port,
      user: host.user,
      hostKey,
      labels: new Map(),
      ...(jump === undefined ? {} : { jump }),
      ...(look.machineId === undefined ? {} : { machineId: look.machineId }),
      ...(privateAddress === undefined ? {} : { privateAddress }),
    },
    files.hasSchemas ? relative(dirname(path), ".schemas/machine.schema.json") : undefined,
  );
}
