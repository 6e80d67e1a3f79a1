import { printableLine } from "../../../lib/text.ts";
import { hasErrors } from "../../../model/diagnostic.ts";
import { findingsText } from "../../../report/findings-text.ts";
import { jsonText } from "../../../report/json.ts";
import { table } from "../../../report/table.ts";
import { knownIdentities } from "../../age-identities.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { openPlace } from "../../secrets/place.ts";
import { readList, type RecipientsList } from "../../secrets/recipients-for.ts";
import { readSecrets } from "../../secrets/tree.ts";

export const run: Run = async (context) => {
  const { io, options } = context;
  const place = await openPlace(context);
  const { lists: paths } = await readSecrets(context, () => false);
  const lists: RecipientsList[] = [];
  for (const path of paths) {
    const list = await readList(place.folder, path);
    if (list !== undefined) lists.push(list);
  }
  const own = new Set((await knownIdentities(context, place.fleets))?.recipients);
  const findings = lists.flatMap((list) => list.findings);
  const rows = lists.flatMap(({ path, recipients }) =>
    recipients.map(({ type, text, comment, line }) => ({
      file: path,
      line,
      type,
      recipient: text,
      comment: comment ?? null,
      isOwn: own.has(text),
    })),
  );
  if (options.json) io.out.write(jsonText({ version: 1, recipients: rows }));
  else {
    const cells = rows.map(({ file, comment, recipient, isOwn }) => [
      file,
      printableLine(comment ?? ""),
      recipient.length > 80 ? `${recipient.slice(0, 40)}…${recipient.slice(-8)}` : recipient,
      isOwn ? "your key" : "",
    ]);
    io.out.write(
      rows.length === 0
        ? "no recipients yet: 'slipway secrets recipients add age1…' names one\n"
        : `${table(["FILE", "WHO", "RECIPIENT", ""], cells).join("\n")}\n`,
    );
  }
  if (findings.length > 0) io.err.write(findingsText(findings, { colour: options.color.err }));
  return hasErrors(findings) ? exit.trouble : exit.done;
};
