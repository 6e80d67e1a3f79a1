import { printableLine } from "../../../lib/text.ts";
import { jsonText } from "../../../report/json.ts";
import { painter } from "../../../report/style.ts";
import { table } from "../../../report/table.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { listSecrets, readersText, usedText } from "../../secrets/listing.ts";
import { itemsIn } from "../../secrets/sealed.ts";
import { openPlace } from "../../secrets/place.ts";
import { readSecrets } from "../../secrets/tree.ts";
import { usageOf } from "../../secrets/usage.ts";

export const run: Run = async (context) => {
  const { io, options } = context;
  const { folder, environment } = await openPlace(context);
  const isWanted = (one: string | undefined): boolean =>
    environment === undefined || one === undefined || one === environment;
  const { files } = await readSecrets(context, isWanted);
  const usage = await usageOf(context);
  const secrets = await listSecrets(folder, files, usage);
  for (const file of files) {
    const found = itemsIn(file);
    if ("problem" in found)
      io.err.write(`slipway: warning: ${file.path}:${found.problem.line}: ${found.problem.text}\n`);
  }
  if (usage.unknown.length > 0)
    io.err.write(
      "slipway: warning: not all uses are known: 'slipway validate' tells what is wrong with the apps\n",
    );
  if (options.json) {
    io.out.write(jsonText({ version: 1, secrets }));
    return exit.done;
  }
  const rows = secrets.map((one) => [
    printableLine(one.name),
    one.environment ?? "",
    {
      text: printableLine(readersText(one)),
      ...(one.recipients === null ? { tone: "bad" as const } : {}),
    },
    { text: usedText(one), ...(usedText(one) === "unused" ? { tone: "dim" as const } : {}) },
  ]);
  const lines = table(["NAME", "ENVIRONMENT", "FOR", "USED BY"], rows, {
    paint: painter(options.color.out),
    ...(io.out.isTerminal ? { columns: io.out.columns } : {}),
  });
  io.out.write(
    secrets.length === 0
      ? "no secrets yet: 'slipway secrets set NAME.KEY' makes one\n"
      : `${lines.join("\n")}\n`,
  );
  return exit.done;
};
