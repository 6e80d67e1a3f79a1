import { dirname, relative } from "node:path";
import { isPrivateAddress } from "../../../lib/ip.ts";
import { hostKeyFile, textFingerprint } from "../../../lib/ssh-key.ts";
import type { Fleet, Target } from "../../../remote/session.ts";
import { jsonText } from "../../../report/json.ts";
import type { Given, Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { textFlag, textsFlag } from "../../given.ts";
import { consent } from "../../machine/consent.ts";
import { firstTarget } from "../../machine/documents.ts";
import {
  machineFilesIn,
  rewriteMachine,
  writeMachine,
  type MachineFile,
} from "../../machine/files.ts";
import { firstLook, type FirstLook } from "../../machine/first-look.ts";
import {
  loginUser,
  machineName,
  parseHost,
  parseLabels,
  type FirstHost,
} from "../../machine/host.ts";
import { newMachineFile, type NewMachine } from "../../machine/new-file.ts";
import { prepare } from "../../machine/prepare.ts";
import { sshLogin } from "../../ssh-login.ts";
import { UserError } from "../../trouble.ts";
import { withPins, type Pins } from "../../machine/pins.ts";

export const run: Run = async (context, given) => {
  const { io, options, parts } = context;
  const wish = wishOf(given);
  const files = await machineFilesIn(context);
  const login = await sshLogin(context);
  const keys = await parts.publicKeys(login);
  if (keys.length === 0)
    throw new UserError(
      "ssh-key",
      "there is no SSH key to log in with",
      "Name one with --ssh-key FILE.",
    );
  const remote = await parts.openFleet({ ...login, acceptNewHostKeys: true });
  try {
    const target = await firstTarget(context, wish);
    const met = await meet(remote, target, wish);
    const name = machineName(wish.name, met.look.hostName);
    const known = sameMachine(files.all, files.pathOf(name), { name, met, host: wish.host });
    const path = known?.path ?? files.pathOf(name);
    io.err.write(proposal({ name, path, met, wish, keys, known }));
    const document = {
      version: 1,
      name,
      file: path,
      address: wish.host.address,
      hostKey: met.hostKey,
      fingerprint: textFingerprint(met.hostKey),
      machineId: met.look.machineId ?? "",
      user: wish.user,
    };
    if ((await consent(context, given, `Prepare ${name} and write ${path}?`)) === "unasked") {
      io.err.write("Nothing was changed: there is nobody here to ask. Pass --yes to go on.\n");
      if (options.json) io.out.write(jsonText({ ...document, done: false }));
      return exit.pending;
    }
    await prepare(await remote.session(target), { user: wish.user, keys });
    // Only what has been seen to work is written: the new login, with root's rights, behind the key that is pinned.
    await remote.session({ ...target, machine: name, user: wish.user, ...pinsOf(met) });
    await write(files.dir, path, known, {
      text: newMachineFile(
        machineOf(met, wish),
        files.hasSchemas ? relative(dirname(path), ".schemas/machine.schema.json") : undefined,
      ),
      pins: pinsOf(met),
    });
    io.out.write(
      options.json
        ? jsonText({ ...document, done: true })
        : nextText(name, path, wish.user, met.look),
    );
    return exit.done;
  } finally {
    await remote.close();
  }
};

interface Wish {
  readonly host: FirstHost;
  readonly user: string;
  readonly labels: ReadonlyMap<string, readonly string[]>;
  readonly name?: string;
  readonly jump?: string;
}

function wishOf(given: Given): Wish {
  const [name, jump] = [textFlag(given, "name"), textFlag(given, "jump")];
  return {
    host: parseHost(given.args[0] ?? ""),
    user: loginUser(textFlag(given, "user")),
    labels: parseLabels(textsFlag(given, "label")),
    ...(name === undefined ? {} : { name: machineName(name, "") }),
    ...(jump === undefined ? {} : { jump }),
  };
}

interface Met {
  readonly hostKey: string;
  readonly look: FirstLook;
}

const pinsOf = ({ hostKey, look: { machineId } }: Met): Pins & Pick<Met, "hostKey"> => ({
  hostKey,
  ...(machineId === undefined ? {} : { machineId }),
});

async function meet(remote: Fleet, target: Target, { user }: Wish): Promise<Met> {
  const session = await remote.session(target);
  const hostKey = remote.seenHostKey(target.machine);
  if (hostKey === undefined) throw new Error("a login without a host key");
  return { hostKey, look: await firstLook(session, user) };
}

/** The file that is this machine's already. Throws UserError where the name, or the machine under another name, is taken. */
function sameMachine(
  all: readonly MachineFile[],
  path: string,
  { name, met, host }: { readonly name: string; readonly met: Met; readonly host: FirstHost },
): MachineFile | undefined {
  const shown = all.find(({ hostKey }) => hostKey === met.hostKey);
  if (shown !== undefined && shown.name !== name)
    throw new UserError(
      "refused",
      `it shows the host key of ${shown.path}: it is that machine`,
      `For another name rename the file: git mv ${shown.path} ${path}. A copied disk needs host keys of its own first.`,
    );
  const [pinned, seen] = [shown?.machineId, met.look.machineId];
  if (shown !== undefined && pinned !== undefined && pinned !== seen)
    throw new UserError(
      "refused",
      `it shows the host key of ${shown.path} and another machine-id: ${seen ?? "none"} instead of ${pinned}`,
      `Where it is that machine: slipway machine accept ${name}`,
    );
  if (shown !== undefined) return shown;
  const own = all.find((file) => file.name === name);
  if (own === undefined) return undefined;
  const isUnpinned = own.hostKey === undefined && own.text.includes(host.address);
  if (isUnpinned) return own;
  throw new UserError(
    "refused",
    `${own.path} is of another machine, or of this one before it was reinstalled`,
    `Give another name with --name, or pin its new host key: slipway machine accept ${name}`,
  );
}

async function write(
  dir: string,
  path: string,
  known: MachineFile | undefined,
  { text, pins }: { readonly text: string; readonly pins: Pins },
): Promise<void> {
  if (known === undefined) return await writeMachine(dir, path, text);
  if (known.hostKey !== undefined) return;
  await rewriteMachine(dir, path, withPins(known, pins));
}

/** One that other machines may reach: not of the bridges that engines make. */
function privateOf({ look }: Met, { host }: Wish): string | undefined {
  if (isPrivateAddress(host.address)) return undefined;
  const own = look.addresses.filter(
    ({ link }) => !/^(?:docker|br-|veth|virbr|cni|podman)/.test(link),
  );
  return own.map(({ address }) => address).find(isPrivateAddress);
}

function machineOf(met: Met, wish: Wish): NewMachine {
  const privateAddress = privateOf(met, wish);
  const { address, port } = wish.host;
  return {
    address,
    port,
    user: wish.user,
    ...pinsOf(met),
    labels: wish.labels,
    ...(wish.jump === undefined ? {} : { jump: wish.jump }),
    ...(privateAddress === undefined ? {} : { privateAddress }),
  };
}

interface Proposal {
  readonly name: string;
  readonly path: string;
  readonly met: Met;
  readonly wish: Wish;
  readonly keys: readonly string[];
  readonly known: MachineFile | undefined;
}

function proposal({ name, path, met, wish, keys, known }: Proposal): string {
  const { look } = met;
  const { user } = wish;
  const privateAddress = privateOf(met, wish);
  const isNew = look.hasUser ? "is there already" : "is made";
  const lines = [
    `${wish.host.address} calls itself ${look.hostName} and runs ${look.os}.`,
    `It shows the host key ${textFingerprint(met.hostKey)}; compare it with \`ssh-keygen -lf ${hostKeyFile(met.hostKey)}\` there.`,
    `  ${user}: the user ${isNew}, lets in ${keys.map(textFingerprint).join(", ")}, and may become root without a password`,
    ...(look.machineId === undefined
      ? ["  It has no machine-id: it will be known by its host key alone."]
      : []),
    ...(look.hasSudo ? [] : ["  sudo: is installed"]),
    known === undefined
      ? `  ${path}: is written, for ${name}${privateAddress === undefined ? "" : ` with the private address ${privateAddress}`}`
      : `  ${path}: is there already${known.hostKey === undefined ? "; the host key is pinned in it" : " and stays as it is"}`,
    ...(look.hasEngine ? [] : ["There is no container engine yet: the first pass installs it."]),
  ];
  return `${lines.join("\n")}\n`;
}

const nextText = (name: string, path: string, user: string, look: FirstLook): string =>
  `${name} lets ${user} in, and ${path} says how to reach it.\n\nNext:\n` +
  `  1. Commit it: git add ${path} && git commit -m "Add ${name}"\n` +
  `  2. \`slipway reconcile\` ${look.hasEngine ? "deploys to it" : "installs its container engine and deploys to it"}.\n`;
