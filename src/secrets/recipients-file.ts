import type { Recipient } from "./recipients.ts";
import { lineBreakOf } from "./value-edit.ts";

/** Adds one at the end of a recipients file; the comment of an age key goes on the line above it, as age allows no other. */
export function withRecipient(
  text: string,
  { type, text: key }: Pick<Recipient, "type" | "text">,
  comment: string | undefined,
): string {
  const lineBreak = lineBreakOf(text);
  const before = text === "" || text.endsWith("\n") ? text : text + lineBreak;
  if (type === "ssh-ed25519")
    return `${before}${[key, comment].filter(Boolean).join(" ")}${lineBreak}`;
  const above = comment === undefined ? "" : `# ${comment}${lineBreak}`;
  return `${before}${above}${key}${lineBreak}`;
}

/** Takes one out, with a comment above it that is about it alone; every other line stays. */
export function withoutRecipient(text: string, { line }: Pick<Recipient, "line">): string {
  const lines = text.split(/(?<=\n)/);
  const at = line - 1;
  const isComment = (index: number): boolean => lines[index]?.startsWith("#") === true;
  const next = (lines[at + 1] ?? "").trim();
  // Behind an SSH key stands whose it is, so that a comment above is not about it.
  const endsBlock = next === "" || next.startsWith("#") || /^ssh-\S+ \S+ +\S/.test(next);
  const hasOwn = isComment(at - 1) && !isComment(at - 2) && endsBlock;
  return lines.toSpliced(hasOwn ? at - 1 : at, hasOwn ? 2 : 1).join("");
}
