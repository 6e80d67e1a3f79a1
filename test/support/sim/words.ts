/** The words of a command line that `quote` made. Throws for one that it does not make. */
export function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) throw new Error("a quote has no end");
      word = (word ?? "") + text.slice(at + 1, end);
      at = end + 1;
    } else if (char === "\\") {
      word = (word ?? "") + text.charAt(at + 1);
      at += 2;
    } else if (char === " " || char === "\n") {
      if (word !== undefined) words.push(word);
      if (char === "\n") words.push("\n");
      word = undefined;
      at += 1;
    } else {
      word = (word ?? "") + char;
      at += 1;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** The commands of a script, one a line; a word may hold line ends. */
export function commandsOf(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const word of wordsOf(text)) {
    if (word === "\n") commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter((words) => words.length > 0);
}
