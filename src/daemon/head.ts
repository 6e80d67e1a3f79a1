import type { Source } from "../source/source.ts";
import { SourceError } from "../source/source.ts";

/**
 * Asks for the branch's head, again and again: undefined where it cannot be had. The same trouble is told once, and that it is
 * over.
 */
export function headReader(
  source: Source,
  log: (level: "info" | "warn", text: string) => void,
): () => Promise<string | undefined> {
  let told = "";
  return async () => {
    try {
      const head = await source.head();
      if (told !== "") log("info", "the repository can be read again");
      told = "";
      return head;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.message !== told) log("warn", `the repository: ${error.message}`);
      told = error.message;
      return undefined;
    }
  };
}
