/** A key of a YAML file with all that is indented below it, as text. */
export function blockAt(lines: readonly string[], line: number): string {
  const first = lines[line - 1] ?? "";
  const depth = indentOf(first);
  const rest = lines.slice(line);
  const end = rest.findIndex((text) => text.trim() !== "" && indentOf(text) <= depth);
  const below = end < 0 ? rest : rest.slice(0, end);
  return [first, ...below].join("\n").trimEnd();
}

const indentOf = (text: string): number => text.length - text.trimStart().length;

/** Past this many comparisons lines are taken for changed. */
const mostCells = 1_000_000;

/** Which line of `before` became this line (from 1) of `after`; undefined: none, it was written anew. */
export function lineBefore(
  before: readonly string[],
  after: readonly string[],
  line: number,
): number | undefined {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  if (line <= start) return line;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  if (line > after.length - end) return line - after.length + before.length;
  const found = matched(
    before.slice(start, before.length - end),
    after.slice(start, after.length - end),
  ).get(line - start - 1);
  return found === undefined ? undefined : start + found + 1;
}

/** Index in `b` → index in `a`, along a longest common subsequence. */
function matched(a: readonly string[], b: readonly string[]): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  if (a.length * b.length > mostCells) return pairs;
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) pairs.set(j++, i++);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}
