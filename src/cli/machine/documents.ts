import { load } from "../../load/load.ts";
import type { Documents } from "../../model/documents.ts";
import { targetsOf } from "../../pass/targets.ts";
import type { Target } from "../../remote/session.ts";
import { didYouMean } from "../../lib/suggest.ts";
import type { Context } from "../command.ts";
import { UserError } from "../trouble.ts";
import { snapshotOnDisk } from "../working-tree.ts";
import type { FirstHost } from "./host.ts";

/** The documents as they stand in the folder. Throws UserError where they cannot be read. */
async function documentsOnDisk(context: Context): Promise<Documents> {
  const { environment } = context.options;
  const snapshot = await snapshotOnDisk(context);
  const { documents, findings } = await load(
    snapshot,
    environment === undefined ? {} : { environment },
  );
  if (documents !== undefined) return documents;
  throw new UserError("rejected", "the files have to be mended first", {
    hint: "See 'slipway validate'.",
    findings,
  });
}

/** How a machine of the working tree is reached. Throws UserError where there is none of that name. */
export async function targetOnDisk(context: Context, name: string): Promise<Target> {
  const targets = targetsOf(await documentsOnDisk(context));
  const target = targets.get(name);
  if (target !== undefined) return target;
  const known = [...targets.keys()];
  throw new UserError(
    "not-found",
    `there is no machine '${name}'${didYouMean(name, known)}`,
    `There are: ${known.join(", ")}`,
  );
}

/** Whoever is on the way was met before: only the machine itself may be new. Throws UserError. */
export function checkJump({ jump }: Pick<Target, "jump">, acceptsNew: boolean): void {
  if (jump === undefined) return;
  if (jump.hostKey === undefined && !acceptsNew)
    throw new UserError(
      "refused",
      `no host key is pinned for the jump host ${jump.machine}`,
      `Write its hostKey into machines/${jump.machine}.yaml, or pass --accept-new-host-keys.`,
    );
  checkJump(jump, acceptsNew);
}

/** Where to find a machine that has no file yet; over another that has one. Throws UserError. */
export async function firstTarget(
  context: Context,
  { host, jump }: { readonly host: FirstHost; readonly jump?: string },
): Promise<Target> {
  const target: Target = {
    machine: host.address,
    address: host.address,
    port: host.port,
    user: host.user,
    engineSocket: "/var/run/docker.sock",
    ...(jump === undefined ? {} : { jump: await targetOnDisk(context, jump) }),
  };
  checkJump(target, context.options.acceptNewHostKeys);
  return target;
}
