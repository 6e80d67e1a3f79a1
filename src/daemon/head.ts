import type { Source } from "../source/source.ts";
import { SourceError } from "../source/source.ts";

/** `rewritten`: what we know is no longer what the branch says, and what it says is refused. */
export type Head =
  | { readonly state: "known"; readonly head: string }
  | { readonly state: "unread" | "rewritten" };

/** Asks for the branch's head, again and again. The same trouble is told once, and that it is over. */
export function headReader(
  source: Source,
  log: (level: "info" | "warn", text: string) => void,
): () => Promise<Head> {
  let told = "";
  return async () => {
    try {
      const head = await source.head();
      if (told !== "") log("info", "the repository can be read again");
      told = "";
      return { state: "known", head };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.message !== told) log("warn", `the repository: ${error.message}`);
      told = error.message;
      return { state: error.trouble === "rewritten" ? "rewritten" : "unread" };
    }
  };
}
