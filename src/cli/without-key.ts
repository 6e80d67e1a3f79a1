import type { SecretOpener } from "../pass/world.ts";
import { isExpected } from "./trouble.ts";

/**
 * For who goes on: a key that cannot be used is none, which a revision's findings say, and why is told. A commit that brings
 * the first secret must not end what keeps everything else up.
 */
export function withoutKeyTrouble(
  secrets: SecretOpener,
  tell: (text: string) => void,
): SecretOpener {
  let told = "";
  const tellOnce = (text: string): void => {
    if (text !== told) tell(text);
    told = text;
  };
  return wrapped(secrets, tellOnce);
}

const wrapped = (secrets: SecretOpener, tell: (text: string) => void): SecretOpener => ({
  prepare: async (fleet) => {
    try {
      return await secrets.prepare(fleet);
    } catch (error) {
      if (!isExpected(error)) throw error;
      tell(error.message);
      return false;
    }
  },
  open: async (fleet, value, read) => await secrets.open(fleet, value, read),
  spare: (words) => secrets.spare(words),
  redact: (text) => secrets.redact(text),
  apart: () => wrapped(secrets.apart(), tell),
});
