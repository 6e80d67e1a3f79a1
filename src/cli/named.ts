import { catalog } from "./catalog.ts";
import type { CommandNode } from "./command.ts";

const topLevel: readonly CommandNode[] = catalog.flatMap(({ commands }) => commands);

/** All words that mean something behind these: names of commands; undefined where they lead to a command, or nowhere. */
export function namesBehind(words: readonly string[]): readonly string[] | undefined {
  let nodes: readonly CommandNode[] = topLevel;
  for (const word of words) {
    const node = nodes.find(({ name }) => name === word);
    if (node === undefined || !("commands" in node)) return undefined;
    nodes = node.commands;
  }
  return nodes.map(({ name }) => name);
}

/** What these words name: `secrets`, `recipients`, `add`. */
export function commandAt(words: readonly string[]): CommandNode | undefined {
  const [first, ...rest] = words;
  let node = topLevel.find(({ name }) => name === first);
  for (const word of rest)
    node =
      node !== undefined && "commands" in node
        ? node.commands.find(({ name }) => name === word)
        : undefined;
  return node;
}
