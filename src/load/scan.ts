import { CST, Lexer } from "yaml";

/** What is wrong with a file before it is worth parsing. */
export interface ScanProblem {
  readonly code: "too-deep" | "too-many-values" | "yaml-directive";
  readonly offset: number;
  readonly message: string;
}

const tokenLimit = 200_000;
export const depthLimit = 32;

/**
 * Looks over the tokens of a YAML text, so that the time and the stack that parsing takes are bounded whatever it says:
 * the parser's cost grows with tokens, and its recursion with nesting.
 */
export function scan(text: string): ScanProblem | undefined {
  let offset = 0;
  let tokens = 0;
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (++tokens > tokenLimit)
      return {
        code: "too-many-values",
        offset,
        message: "the file holds too much to be one of ours",
      };
    if (type === "directive-line") {
      return {
        code: "yaml-directive",
        offset,
        message: "directives (%…) are not used here: YAML 1.2 is read, without tags",
      };
    }
    if (type === "flow-map-start" || type === "flow-seq-start") depth++;
    else if (type === "flow-map-end" || type === "flow-seq-end") depth = Math.max(0, depth - 1);
    if (depth > depthLimit)
      return { code: "too-deep", offset, message: `more than ${depthLimit} levels deep` };
    if (!isMarker(type)) offset += token.length;
  }
  return undefined;
}

/** Tokens that the lexer adds between those of the text. */
const isMarker = (type: ReturnType<typeof CST.tokenType>): boolean =>
  type === "doc-mode" || type === "flow-error-end" || type === "scalar";
