import { generate, alphabets, isAlphabet } from "../../../secrets/generate.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { countFlag, isOn, textFlag } from "../../given.ts";
import { openPlace } from "../../secrets/place.ts";
import { sayStored, storeValue, targetOf } from "../../secrets/store-value.ts";
import { UserError } from "../../trouble.ts";

const usualLength = 32;
const mostLength = 10_000;

export const run: Run = async (context, given) => {
  const [name = ""] = given.args;
  const alphabet = textFlag(given, "alphabet") ?? "alnum";
  if (!isAlphabet(alphabet))
    throw new UserError(
      "usage",
      `--alphabet is '${alphabet}'`,
      `There are: ${Object.keys(alphabets).join(", ")}`,
    );
  const length = countFlag(given, "length", usualLength, mostLength);
  const place = await openPlace(context);
  const target = await targetOf(place, name);
  if (target.isThere && !isOn(given, "force"))
    throw new UserError(
      "refused",
      `${target.shown} is there already in ${target.path}`,
      "Nothing was written. --force replaces it; the value before stays in git's history, encrypted.",
    );
  const bytes = Buffer.from(generate(length, alphabet));
  sayStored(context, await storeValue(context, place, target, bytes), `; ${length} of ${alphabet}`);
  return exit.done;
};
