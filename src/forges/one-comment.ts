import { type Comment, type Forge, ForgeError } from "./forge.ts";

/**
 * Makes `body` the one comment of ours on a pull request that begins with `marker`: written once, then kept up in place, and
 * left alone where it says so already. Rejects with ForgeError.
 */
export async function keepComment(
  forge: Forge,
  pull: number,
  { marker, body }: { readonly marker: string; readonly body: string },
  signal?: AbortSignal,
): Promise<void> {
  const before = (await forge.comments(pull, signal)).find(
    (comment) => comment.isOurs && comment.body.trimStart().startsWith(marker),
  );
  if (before !== undefined && saysSame(before, body)) return;
  try {
    await forge.comment(pull, body, before?.id, signal);
  } catch (error) {
    const isGone = error instanceof ForgeError && error.trouble === "missing";
    if (!isGone || before === undefined) throw error;
    await forge.comment(pull, body, undefined, signal);
  }
}

/** Forges differ in what they make of line ends. */
const saysSame = (comment: Comment, body: string): boolean => normal(comment.body) === normal(body);

const normal = (text: string): string => text.replaceAll("\r\n", "\n").trimEnd();
