import { decodeUtf8 } from "../../../lib/bytes.ts";
import { jsonText } from "../../../report/json.ts";
import { ageIdentities } from "../../age-identities.ts";
import type { Run } from "../../command.ts";
import { exit } from "../../exit.ts";
import { openNamed } from "../../secrets/find.ts";
import { openPlace } from "../../secrets/place.ts";
import { readSecrets } from "../../secrets/tree.ts";

export const run: Run = async (context, given) => {
  const { io, options } = context;
  const [text = ""] = given.args;
  const place = await openPlace(context);
  const { environment } = place;
  const tree = await readSecrets(context, (one) => one === undefined || one === environment);
  const identities = async () => await ageIdentities(context, place.fleets);
  const { name, bytes } = await openNamed(tree, text, environment, identities);
  if (options.json) io.out.write(jsonText(documentOf(name, bytes)));
  else {
    io.out.write(bytes);
    if (io.out.isTerminal && bytes.at(-1) !== 10) io.out.write("\n");
  }
  return exit.done;
};

function documentOf(name: string, bytes: Uint8Array): object {
  const text = decodeUtf8(bytes);
  return text === undefined
    ? { version: 1, name, base64: Buffer.from(bytes).toString("base64") }
    : { version: 1, name, value: text };
}
