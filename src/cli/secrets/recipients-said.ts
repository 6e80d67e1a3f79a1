import { printableLine } from "../../lib/text.ts";
import { jsonText } from "../../report/json.ts";
import type { Recipient } from "../../secrets/recipients.ts";
import type { Context, Given } from "../command.ts";
import { exit } from "../exit.ts";
import { isOn } from "../given.ts";
import { recipientName } from "./listing.ts";
import { rotate } from "./rotate.ts";

export interface RecipientsChange {
  readonly path: string;
  readonly added: readonly Recipient[];
  readonly removed: readonly Recipient[];
}

export function sayRecipients({ io, options }: Context, change: RecipientsChange): void {
  const { path, added, removed } = change;
  const shown = ({ type, text, comment }: Recipient): object => ({
    type,
    recipient: text,
    comment: comment ?? null,
  });
  if (options.json)
    return io.out.write(
      jsonText({ version: 1, file: path, added: added.map(shown), removed: removed.map(shown) }),
    );
  const lines = [
    ...added.map((one) => `added ${recipientName(one)} to ${path}`),
    ...removed.map((one) => `removed ${recipientName(one)} from ${path}`),
  ];
  io.out.write(lines.map((line) => `${printableLine(line)}\n`).join(""));
}

/** Encrypts anew where that was asked for; else says that it is to be done. Gives the exit code. */
export async function nextStep(context: Context, given: Given): Promise<number> {
  const { io } = context;
  if (isOn(given, "rotate"))
    return await rotate(context, { names: [], all: false, silent: context.options.json });
  io.err.write(
    "slipway: what is encrypted already is as it was: 'slipway secrets rotate' encrypts it for those who are in the list now\n",
  );
  return exit.done;
}
