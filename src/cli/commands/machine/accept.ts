import { printableLine } from "../../../lib/text.ts";
import { hostKeyFile, textFingerprint, withoutComment } from "../../../lib/ssh-key.ts";
import { withTopText } from "../../../load/edit.ts";
import type { Session } from "../../../remote/session.ts";
import { jsonText } from "../../../report/json.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { consent } from "../../machine/consent.ts";
import { checkJump, targetOnDisk } from "../../machine/documents.ts";
import { machineFilesIn, rewriteMachine } from "../../machine/files.ts";
import { sshLogin } from "../../ssh-login.ts";
import { UserError } from "../../trouble.ts";

export const run: Run = async (context, given) => {
  const { io, options, parts } = context;
  const name = given.args[0] ?? "";
  const { hostKey: pinned, ...target } = await targetOnDisk(context, name);
  checkJump(target, options.acceptNewHostKeys);
  const { dir, all } = await machineFilesIn(context);
  const own = all.filter((file) => file.name === name);
  const file = own.find(({ hostKey }) => hostKey !== undefined) ?? own[0];
  if (file === undefined) throw new UserError("not-found", `machines/${name}.yaml is not there`);
  const login = await sshLogin(context);
  const remote = await parts.openFleet({ ...login, acceptNewHostKeys: true });
  try {
    const session = await remote.session(target);
    const hostKey = remote.seenHostKey(name);
    if (hostKey === undefined) throw new Error("a login without a host key");
    const machineId = await machineIdOf(session);
    const before = pinned === undefined ? undefined : withoutComment(pinned);
    const other = all.find((one) => one.hostKey === hostKey && one.name !== name);
    if (other !== undefined)
      throw new UserError(
        "refused",
        `${name} shows the host key of ${other.path}: it is that machine, or a copy of its disk`,
        "A copy needs host keys of its own first: rm /etc/ssh/ssh_host_* && ssh-keygen -A",
      );
    const isSame = before === hostKey;
    const said = {
      version: 1,
      name,
      file: file.path,
      hostKey,
      fingerprint: textFingerprint(hostKey),
      before: before === undefined ? null : textFingerprint(before),
      machineId,
    };
    if (isSame) {
      io.out.write(
        options.json
          ? jsonText({ ...said, done: true })
          : `${name} shows the host key that is pinned: nothing to accept\n`,
      );
      return exit.done;
    }
    io.err.write(
      `${name} at ${target.address} shows another host key than ${before === undefined ? "none" : "the pinned one"}:\n` +
        `  pinned  ${said.before ?? "none"}\n  shown   ${said.fingerprint}\n  machine-id ${machineId || "unknown"}\n` +
        `Compare it with \`ssh-keygen -lf ${hostKeyFile(hostKey)}\` there: only a reinstalled machine has a new one.\n`,
    );
    if ((await consent(context, given, `Pin it in ${file.path}?`)) === "unasked") {
      io.err.write("Nothing was changed: there is nobody here to ask. Pass --yes to pin it.\n");
      if (options.json) io.out.write(jsonText({ ...said, done: false }));
      return exit.pending;
    }
    const text = withTopText(file.text, "hostKey", hostKey);
    if (text === undefined)
      throw new UserError(
        "refused",
        `${file.path} cannot be edited`,
        `Write into it: hostKey: ${hostKey}`,
      );
    await rewriteMachine(dir, file.path, text);
    io.out.write(
      options.json
        ? jsonText({ ...said, done: true })
        : `${file.path} pins the new host key.\n\nNext:\n  1. Commit it: git commit -m "Accept ${name} as it is now" ${file.path}\n  2. \`slipway reconcile\` makes on it what is missing.\n`,
    );
    return exit.done;
  } finally {
    await remote.close();
  }
};

async function machineIdOf(session: Session): Promise<string> {
  const { stdout } = await session.exec({
    argv: ["cat", "/etc/machine-id"],
    timeoutMs: 10_000,
    maxBytes: 4096,
  });
  return printableLine(stdout.toString().trim()).slice(0, 64);
}
