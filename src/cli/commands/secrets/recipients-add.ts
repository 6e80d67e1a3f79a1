import { printableLine } from "../../../lib/text.ts";
import { parseRecipients } from "../../../secrets/recipients.ts";
import { withRecipient } from "../../../secrets/recipients-file.ts";
import { knownIdentities } from "../../age-identities.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { isOn, textFlag } from "../../given.ts";
import { chooseList } from "../../secrets/list-path.ts";
import { recipientName } from "../../secrets/listing.ts";
import { openPlace } from "../../secrets/place.ts";
import { nextStep, sayRecipients } from "../../secrets/recipients-said.ts";
import { writeFiles } from "../../secrets/write.ts";
import { UserError } from "../../trouble.ts";

export const run: Run = async (context, given) => {
  const { io } = context;
  const read = parseRecipients(`${given.args.filter(Boolean).join(" ")}\n`);
  const [wrong] = read.findings;
  const [recipient] = read.recipients;
  if (wrong !== undefined || recipient === undefined)
    throw new UserError(
      "usage",
      wrong?.message ?? "there is no recipient here",
      "A recipient is age1…, as 'age-keygen -y KEYFILE' shows it, or 'ssh-ed25519 AAAA…', as in a file id_ed25519.pub.",
    );
  const comment = textFlag(given, "comment") ?? recipient.comment;
  if (comment !== undefined && printableLine(comment) !== comment)
    throw new UserError("usage", "--comment is one line of text");
  const place = await openPlace(context);
  const { path, list, above } = await chooseList(context, place, given);
  const known = list?.recipients.find(({ text }) => text === recipient.text);
  if (known !== undefined)
    throw new UserError(
      "refused",
      `${recipientName(recipient)} stands in ${path}:${known.line} already`,
    );
  const before = list?.text;
  const after = withRecipient(before ?? "", recipient, comment);
  await writeFiles(io, place.folder, [{ path, before, after }]);
  if (above !== undefined) {
    const own = (await knownIdentities(context, place.fleets))?.recipients ?? [];
    const isIn = own.includes(recipient.text);
    io.err.write(
      `slipway: ${path} now counts there instead of ${above.path}${isIn ? "" : ": add the controller's key to it as well, or nothing can be deployed"}\n`,
    );
  }
  const added = [{ ...recipient, ...(comment === undefined ? {} : { comment }) }];
  sayRecipients(context, { path, added, removed: [] });
  return isOn(given, "rotate") || list !== undefined || above !== undefined
    ? await nextStep(context, given)
    : exit.done;
};
