import type { Identities } from "../secrets/identities.ts";
import type { IdentityFailure, ParsedIdentities } from "../secrets/parse-identities.ts";
import { ageKeyFiles, usualAgeKeys } from "./age-key.ts";
import type { Context } from "./command.ts";
import type { AgeKeyFile } from "./parts.ts";
import { UserError } from "./trouble.ts";

const mostTries = 3;

type Ask = (context: Context, file: AgeKeyFile) => Promise<ParsedIdentities>;

/**
 * The keys that open secrets: the files that were named, else those of these fleets that are there. Asks on a terminal for
 * the passphrase of one that has one. Throws UserError, also where there is none.
 */
export async function ageIdentities(
  context: Context,
  fleets: readonly string[],
): Promise<Identities> {
  const found = await readAll(context, fleets, askPassphrase);
  if (found !== undefined) return found;
  const usual = usualAgeKeys(context, fleets);
  throw new UserError(
    "age-key",
    usual.length === 0
      ? "there is no key to open secrets with, and slipway.yaml names no fleet whose key could be looked for"
      : `there is no key to open secrets with: ${usual.join(" and ")} ${usual.length === 1 ? "is" : "are"} not there`,
    "Name one: --age-key FILE (an age key, or an SSH key of the type ssh-ed25519).",
  );
}

/** The same as far as it takes no asking; undefined where there is none. Throws UserError. */
export const knownIdentities = async (
  context: Context,
  fleets: readonly string[],
): Promise<Identities | undefined> => await readAll(context, fleets, undefined);

async function readAll(
  context: Context,
  fleets: readonly string[],
  ask: Ask | undefined,
): Promise<Identities | undefined> {
  let all: Identities | undefined;
  for (const file of await ageKeyFiles(context, fleets)) {
    const { bytes, source, passphrase } = file;
    let parsed = await context.parts.readIdentities(bytes, passphrase);
    if (takesAsking(parsed)) {
      if (ask === undefined) continue;
      parsed = await ask(context, file);
    }
    if ("failure" in parsed)
      throw new UserError(
        "age-key",
        `the age key ${source} cannot be used: ${parsed.failure.text}`,
      );
    all = all?.and(parsed.identities) ?? parsed.identities;
  }
  return all;
}

async function askPassphrase(
  { io, parts }: Context,
  { source, bytes, passphrase: given }: AgeKeyFile,
): Promise<ParsedIdentities> {
  if (!io.input.isTerminal)
    throw new UserError(
      "age-key",
      given === undefined
        ? `the age key ${source} has a passphrase, and there is no terminal to ask for it`
        : `the passphrase in SLIPWAY_AGE_PASSPHRASE does not fit the age key ${source}, and there is no terminal to ask for another`,
      "Give it in SLIPWAY_AGE_PASSPHRASE, or name a key without one.",
    );
  let parsed: ParsedIdentities | undefined;
  for (let tries = 0; tries < mostTries; tries++) {
    const passphrase = await io.askHidden(`Passphrase of ${source}: `);
    if (passphrase === undefined) break;
    parsed = await parts.readIdentities(bytes, passphrase);
    if (!takesAsking(parsed)) return parsed;
    io.err.write("slipway: the passphrase does not fit\n");
  }
  return parsed ?? { failure: { reason: "passphrase-needed", text: "no passphrase was given" } };
}

const askable: ReadonlySet<IdentityFailure["reason"]> = new Set([
  "passphrase-needed",
  "passphrase-wrong",
]);

const takesAsking = (parsed: ParsedIdentities): boolean =>
  "failure" in parsed && askable.has(parsed.failure.reason);
