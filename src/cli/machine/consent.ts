import type { Context, Given } from "../command.ts";
import { isOn } from "../given.ts";
import { UserError } from "../trouble.ts";

/** Whether it is to be done; `unasked` where nobody is there to ask. Throws UserError for a no. */
export async function consent(
  { io }: Context,
  given: Given,
  question: string,
): Promise<"given" | "unasked"> {
  if (isOn(given, "yes")) return "given";
  if (!io.input.isTerminal || !io.err.isTerminal) return "unasked";
  const answer = await io.ask(`${question} [y/N] `);
  if (/^y(es)?$/i.test(answer?.trim() ?? "")) return "given";
  throw new UserError("refused", "nothing was changed");
}
