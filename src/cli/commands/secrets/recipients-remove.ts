import { didYouMean } from "../../../lib/suggest.ts";
import { listed, printableLine } from "../../../lib/text.ts";
import type { Recipient } from "../../../secrets/recipients.ts";
import { withoutRecipient } from "../../../secrets/recipients-file.ts";
import { knownIdentities } from "../../age-identities.ts";
import type { Run } from "../../command.ts";
import { isOn } from "../../given.ts";
import { chooseList } from "../../secrets/list-path.ts";
import { recipientName } from "../../secrets/listing.ts";
import { openPlace } from "../../secrets/place.ts";
import type { RecipientsList } from "../../secrets/recipients-for.ts";
import { nextStep, sayRecipients } from "../../secrets/recipients-said.ts";
import { writeFiles } from "../../secrets/write.ts";
import { UserError } from "../../trouble.ts";

export const run: Run = async (context, given) => {
  const { io } = context;
  const words = given.args.filter((word) => word !== undefined);
  const place = await openPlace(context);
  const { path, list } = await chooseList(context, place, given);
  if (list === undefined) throw new UserError("not-found", `there is no ${path}`);
  const recipient = named(list, words.join(" "));
  if (!isOn(given, "force")) {
    if (list.recipients.length === 1)
      throw new UserError(
        "refused",
        `${recipientName(recipient)} is the last one in ${path}: nothing could be encrypted any more`,
        "Add another one first, or say --force.",
      );
    const own = (await knownIdentities(context, place.fleets))?.recipients ?? [];
    if (own.includes(recipient.text))
      throw new UserError(
        "refused",
        `${recipientName(recipient)} is your own key, or the controller's: what is encrypted from now on it could not open`,
        "Nothing was written. --force does it all the same.",
      );
  }
  const after = withoutRecipient(list.text, recipient);
  await writeFiles(io, place.folder, [{ path, before: list.text, after }]);
  sayRecipients(context, { path, added: [], removed: [recipient] });
  return await nextStep(context, given);
};

/** By the key, or by a comment that only one has. Throws UserError. */
function named({ path, recipients }: RecipientsList, word: string): Recipient {
  const key = /^ssh-\S+ \S+/.exec(word)?.[0] ?? word;
  const byKey = recipients.find(({ text }) => text === key || text === `ssh-ed25519 ${key}`);
  const byComment = recipients.filter(({ comment }) => comment === word);
  const found = byKey ?? (byComment.length === 1 ? byComment[0] : undefined);
  if (found !== undefined) return found;
  const known = recipients.map(recipientName);
  throw new UserError(
    "not-found",
    byComment.length > 1
      ? `several in ${path} are called '${printableLine(word)}': name the key`
      : `there is no '${printableLine(word)}' in ${path}${didYouMean(word, known)}`,
    known.length === 0 ? {} : `There are: ${listed(known.map(printableLine), 10)}`,
  );
}
