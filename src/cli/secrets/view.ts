import { decodeUtf8 } from "../../lib/bytes.ts";
import { listed } from "../../lib/text.ts";
import { isArmored } from "../../secrets/armor.ts";
import { open } from "../../secrets/open.ts";
import type { ValueEntry } from "../../secrets/value-file.ts";
import { viewOf, type ValueView } from "../../secrets/value-view.ts";
import { ageIdentities } from "../age-identities.ts";
import type { Context } from "../command.ts";
import { UserError } from "../trouble.ts";
import { isSecretPath } from "./names.ts";
import type { SecretsPlace } from "./place.ts";
import { valuesAt } from "./store-value.ts";

/** A file of values that is open for editing. */
export interface OpenView {
  readonly name: string;
  readonly path: string;
  /** As it stands in the folder; undefined for one that is to be made. */
  readonly text: string | undefined;
  readonly view: ValueView;
}

/** What a new file shows first, and does not keep. */
export const emptyText =
  "# KEY: value, one a line. Values are encrypted when this is closed; comments are not.\n";

/** Opens `secrets/<name>.yaml` as far as it can be opened; stderr says what stays closed. Throws UserError. */
export async function openView(
  context: Context,
  place: SecretsPlace,
  given: string,
): Promise<OpenView> {
  const name = given.replace(/\.yaml$/, "");
  if (!isSecretPath(name) || name.endsWith(".age"))
    throw new UserError(
      "usage",
      `a file of values is edited by its name, as in: slipway secrets edit shop`,
      name.endsWith(".age") ? `A whole file is replaced: slipway secrets set ${name} < FILE` : {},
    );
  const path = `${place.prefix}secrets/${name}.yaml`;
  const found = await valuesAt(place, path);
  if (found === undefined)
    return { name, path, text: undefined, view: { text: emptyText, opened: new Map() } };
  const { text, entries } = found;
  const opened = await openEntries(context, place, path, entries);
  return { name, path, text, view: viewOf(text, entries, opened) };
}

async function openEntries(
  context: Context,
  place: SecretsPlace,
  path: string,
  entries: readonly ValueEntry[],
): Promise<ReadonlyMap<string, string>> {
  const sealed = entries.filter(({ value }) => value !== null && isArmored(value));
  if (sealed.length === 0) return new Map();
  const identities = await ageIdentities(context, place.fleets);
  const opened = new Map<string, string>();
  const closed: string[] = [];
  for (const { key, value } of sealed) {
    const result = await open(value ?? "", identities);
    const text = "bytes" in result ? decodeUtf8(result.bytes) : undefined;
    if (text === undefined) closed.push(key);
    else opened.set(key, text);
  }
  if (closed.length > 0)
    context.io.err.write(
      `slipway: warning: ${listed(closed)} in ${path} cannot be shown (not for this key, damaged or no text): leave as it is, or replace it\n`,
    );
  return opened;
}
