/** Where in a text git left the first mark of a merge conflict; undefined where it left none. */
export function conflictIn(text: string): number | undefined {
  const at = text.search(/^(?:<{7}|>{7})(?: |\r?$)/m);
  return at < 0 ? undefined : at;
}

export const conflictText =
  "git left the marks of a merge conflict here: keep one of the two sides, and take the marks out";
