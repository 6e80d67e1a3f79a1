import { describe } from "./text.ts";

/** Names of apps, machines, services, fleets and environments. */
const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
export const nameLimit = 40;

/** The first character that does not belong in a name, so that look-alikes are seen for what they are. */
export function badNameCharacter(name: string, allowed = /^[a-z0-9-]$/): string | undefined {
  const odd = [...name].find((char) => !allowed.test(char));
  return odd === undefined ? undefined : describe(odd);
}

/** What is wrong with a name; undefined if it is one. */
export function nameProblem(name: string): string | undefined {
  if (namePattern.test(name)) return undefined;
  if (name === "") return "it is empty";
  const odd = badNameCharacter(name);
  if (odd !== undefined) return `it holds ${odd}`;
  return name.length > nameLimit ? `it is longer than ${nameLimit}` : "it starts or ends with '-'";
}

/** The name that something is probably meant to have whose name is none; undefined if that is not to be guessed. */
export function likelyName(name: string): string | undefined {
  const likely = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  return nameProblem(likely) === undefined ? likely : undefined;
}
