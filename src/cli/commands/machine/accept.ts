import { isMachineId } from "../../../lib/machine-id.ts";
import { hostKeyFile, textFingerprint, withoutComment } from "../../../lib/ssh-key.ts";
import type { Session } from "../../../remote/session.ts";
import { jsonText } from "../../../report/json.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { consent } from "../../machine/consent.ts";
import { checkJump, targetOnDisk } from "../../machine/documents.ts";
import { machineFilesIn, rewriteMachine, type MachineFile } from "../../machine/files.ts";
import { withPins, type Pins } from "../../machine/pins.ts";
import { sshLogin } from "../../ssh-login.ts";
import { UserError } from "../../trouble.ts";

export const run: Run = async (context, given) => {
  const { io, options, parts } = context;
  const name = given.args[0] ?? "";
  const { hostKey: key, machineId: id, ...target } = await targetOnDisk(context, name);
  const pinned = pinsOf(key === undefined ? undefined : withoutComment(key), id);
  checkJump(target, options.acceptNewHostKeys);
  const { dir, all } = await machineFilesIn(context);
  const own = all.filter((file) => file.name === name);
  const login = await sshLogin(context);
  const remote = await parts.openFleet({ ...login, acceptNewHostKeys: true });
  try {
    const session = await remote.session(target);
    const hostKey = remote.seenHostKey(name);
    if (hostKey === undefined) throw new Error("a login without a host key");
    const machineId = await machineIdOf(session);
    const file = fileOf(own, name, pinned.hostKey === hostKey ? "machineId" : "hostKey");
    const other = all.find((one) => one.hostKey === hostKey && one.name !== name);
    if (other !== undefined)
      throw new UserError(
        "refused",
        `${name} shows the host key of ${other.path}: it is that machine, or a copy of its disk`,
        "A copy needs host keys of its own first: rm /etc/ssh/ssh_host_* && ssh-keygen -A",
      );
    if (machineId === undefined && pinned.machineId !== undefined)
      throw new UserError(
        "refused",
        `${name} has no machine-id, and one is pinned`,
        `Make it one with 'systemd-machine-id-setup' there, or take machineId out of ${fileOf(own, name, "machineId").path}.`,
      );
    const shown = pinsOf(hostKey, machineId);
    const said = {
      version: 1,
      name,
      file: file.path,
      hostKey,
      fingerprint: textFingerprint(hostKey),
      before: pinned.hostKey === undefined ? null : textFingerprint(pinned.hostKey),
      machineId: machineId ?? "",
      machineIdBefore: pinned.machineId ?? null,
    };
    if (pinned.hostKey === hostKey && pinned.machineId === machineId) {
      io.out.write(options.json ? jsonText({ ...said, done: true }) : `${same(name, shown)}\n`);
      return exit.done;
    }
    io.err.write(difference(name, target.address, pinned, shown));
    if ((await consent(context, given, `Pin what it shows in ${file.path}?`)) === "unasked") {
      io.err.write("Nothing was changed: there is nobody here to ask. Pass --yes to pin it.\n");
      if (options.json) io.out.write(jsonText({ ...said, done: false }));
      return exit.pending;
    }
    await rewriteMachine(dir, file.path, withPins(file, shown));
    io.out.write(options.json ? jsonText({ ...said, done: true }) : next(name, file.path));
    return exit.done;
  } finally {
    await remote.close();
  }
};

const pinsOf = (hostKey: string | undefined, machineId: string | undefined): Pins => ({
  ...(hostKey === undefined ? {} : { hostKey }),
  ...(machineId === undefined ? {} : { machineId }),
});

/** Where it is pinned, else the file that counts. Throws UserError where there is none. */
function fileOf(own: readonly MachineFile[], name: string, key: keyof Pins): MachineFile {
  const file = own.find((one) => one[key] !== undefined) ?? own[0];
  if (file !== undefined) return file;
  throw new UserError("not-found", `machines/${name}.yaml is not there`);
}

const same = (name: string, { machineId }: Pins): string =>
  machineId === undefined
    ? `${name} shows the host key that is pinned and has no machine-id: nothing to accept`
    : `${name} shows the host key and the machine-id that are pinned: nothing to accept`;

function difference(name: string, address: string, pinned: Pins, shown: Pins): string {
  const isOtherKey = pinned.hostKey !== shown.hostKey;
  const what = isOtherKey
    ? `shows another host key than ${pinned.hostKey === undefined ? "none" : "the pinned one"}`
    : `shows the pinned host key, and ${pinned.machineId === undefined ? "a machine-id that is not pinned yet" : "another machine-id"}`;
  const line = ({ hostKey, machineId }: Pins): string =>
    `${hostKey === undefined ? "none" : textFingerprint(hostKey)}, machine-id ${machineId ?? "none"}`;
  const check = isOtherKey
    ? `ssh-keygen -lf ${hostKeyFile(shown.hostKey ?? "")}`
    : "cat /etc/machine-id";
  return (
    `${name} at ${address} ${what}:\n  pinned  ${line(pinned)}\n  shown   ${line(shown)}\n` +
    `Compare it with \`${check}\` there: only a reinstalled machine has a new one.\n`
  );
}

const next = (name: string, path: string): string =>
  `${path} pins what ${name} shows.\n\nNext:\n  1. Commit it: git commit -m "Accept ${name} as it is now" ${path}\n` +
  `  2. \`slipway reconcile\` makes on it what is missing.\n`;

async function machineIdOf(session: Session): Promise<string | undefined> {
  const { stdout } = await session.exec({
    argv: ["cat", "/etc/machine-id"],
    timeoutMs: 10_000,
    maxBytes: 4096,
  });
  const said = stdout.toString().trim();
  return isMachineId(said) ? said : undefined;
}
