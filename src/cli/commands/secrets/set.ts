import { fileLimit, valueLimit } from "../../../secrets/limits.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { isOn } from "../../given.ts";
import { readValue } from "../../secrets/input.ts";
import { openPlace } from "../../secrets/place.ts";
import { recipientsFor } from "../../secrets/recipients-for.ts";
import { sayStored, storeValue, targetOf } from "../../secrets/store-value.ts";
import { UserError } from "../../trouble.ts";

export const run: Run = async (context, given) => {
  const [name = ""] = given.args;
  const place = await openPlace(context);
  const target = await targetOf(place, name);
  const isFile = target.key === undefined;
  if (isFile && context.io.input.isTerminal)
    throw new UserError(
      "usage",
      `${target.shown} is a whole file, which is not typed`,
      `Pipe it in: slipway secrets set ${target.shown} < FILE`,
    );
  // Before anybody types.
  await recipientsFor(context, place.folder, target.path);
  const { bytes, isTrimmed } = await readValue(context, {
    name: target.shown,
    limit: isFile ? fileLimit : valueLimit,
    isRaw: isFile || isOn(given, "raw"),
    mayBeEmpty: isOn(given, "allowEmpty"),
  });
  const stored = await storeValue(context, place, target, bytes);
  sayStored(
    context,
    stored,
    isTrimmed ? "; the line end at its end was left out (--raw keeps it)" : "",
  );
  return exit.done;
};
