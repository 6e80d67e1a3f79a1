/** A word's meaning: what Slipway calls it, if it has it, and the rest of the sentence. */
export interface Foreign {
  readonly words: readonly string[];
  readonly ours?: string;
  readonly rest: string;
}

/** What Slipway has under another name, and how it is written. */
export const words = (list: string, ours: string, example: string): Foreign => ({
  words: list.split(" "),
  ours,
  rest: `, for example ${example}`,
});

/** What Slipway will have under another name. */
export const later = (list: string, ours: string, meanwhile = ""): Foreign => ({
  words: list.split(" "),
  ours,
  rest: `, which is not yet supported${meanwhile}`,
});

/** What there is no key for, and why. */
export const nothing = (list: string, why: string): Foreign => ({
  words: list.split(" "),
  rest: `: ${why}`,
});
