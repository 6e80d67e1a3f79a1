import { join, relative, resolve } from "node:path";
import { textFlag } from "../given.ts";
import type { Context, Given } from "../command.ts";
import { UserError } from "../trouble.ts";
import type { SecretsPlace } from "./place.ts";
import { listFor, listName, readList, type RecipientsList } from "./recipients-for.ts";

export interface ListChoice {
  readonly path: string;
  /** Undefined for one that is to be made. */
  readonly list: RecipientsList | undefined;
  /** The list that counts there by now, where another is to be made below it. */
  readonly above: RecipientsList | undefined;
}

/** The list of the folder that `--in` names; else the nearest to `secrets/`. Throws UserError. */
export async function chooseList(
  { io }: Context,
  { folder, prefix }: SecretsPlace,
  given: Given,
): Promise<ListChoice> {
  const named = textFlag(given, "in");
  if (named === undefined) {
    const list = await listFor(folder, `${prefix}secrets/x`);
    return { path: list?.path ?? listName, list, above: undefined };
  }
  const fromHere = relative(folder, resolve(io.cwd, named));
  const inside = fromHere.startsWith("..") ? named : fromHere;
  if (/(?:^|\/)\.\.?(?:\/|$)|^\/|(?:^|\/)\.git(?:\/|$)/.test(inside))
    throw new UserError("usage", `${named} is not in the infra repo`, `It is ${folder}.`);
  const path = join(inside, listName);
  const list = await readList(folder, path);
  return { path, list, above: list === undefined ? await listFor(folder, path) : undefined };
}
