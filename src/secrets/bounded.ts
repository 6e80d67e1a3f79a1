import { CST, Lexer } from "yaml";

export const depthLimit = 64;
const tokenLimit = 200_000;

/** Whether a YAML text may be parsed: the parser's time grows with tokens, and its stack with brackets. */
export function isBounded(text: string): boolean {
  let tokens = 0;
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === "flow-map-start" || type === "flow-seq-start") depth++;
    if (type === "flow-map-end" || type === "flow-seq-end") depth--;
    if (++tokens > tokenLimit || depth > depthLimit) return false;
  }
  return true;
}
