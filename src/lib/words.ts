/** Thrown by `splitWords`, with a message for people. */
export class WordsError extends Error {
  override readonly name = "WordsError";
}

/**
 * Splits a command into words as a shell would, without being one: single quotes, double quotes and backslashes
 * group and escape; nothing is expanded. Throws WordsError for a quote that is not closed.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === "\\" && quote !== "'") {
      const next = text[++i];
      if (next === undefined) throw new WordsError("it ends in a single backslash");
      const literal = quote === '"' && !'"\\$`'.includes(next);
      word = (word ?? "") + (literal ? `\\${next}` : next);
    } else if (char === quote) {
      quote = undefined;
    } else if (quote === undefined && (char === "'" || char === '"')) {
      quote = char;
      word ??= "";
    } else if (quote === undefined && /[ \t\r\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== undefined) throw new WordsError(`the quote ${quote} is not closed`);
  return word === undefined ? words : [...words, word];
}

/** A command as declared (a list, or a string of words) as its words. Throws WordsError. */
export const wordsOf = (command: string | readonly string[]): readonly string[] =>
  typeof command === "string" ? splitWords(command) : command;
