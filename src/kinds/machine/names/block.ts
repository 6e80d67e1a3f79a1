import { digestOfLines } from "../../../lib/hash.ts";

/** The fleet's block in a machine's /etc/hosts; all outside of it stays byte for byte. */
export interface HostsFile {
  /** `digestOfLines` of the lines between the marks, which grow with the fleet; undefined without a block. */
  readonly block?: string;
  /** Those lines, where they are few enough to be remembered of every machine. */
  readonly lines?: readonly string[];
  /** All else: what stands before the block, and after it. */
  readonly before: string;
  readonly after: string;
  /** More than one block, or a mark without its other one. */
  readonly damaged: boolean;
}

const begin = (fleet: string): string => `# slipway ${fleet} begin`;
const end = (fleet: string): string => `# slipway ${fleet} end`;

export function parseHosts(text: string, fleet: string): HostsFile {
  // Each line with its line end, so that joining gives back the text.
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const plain = lines.map((line) => line.replace(/\r?\n$/, ""));
  const from = plain.indexOf(begin(fleet));
  const to = plain.indexOf(end(fleet), from + 1);
  const isMark = (line: string | undefined): boolean =>
    line === begin(fleet) || line === end(fleet);
  const inside = from >= 0 && to > from && !plain.slice(from + 1, to).some(isMark);
  const others = lines.filter((_, i) => !(inside && i >= from && i <= to));
  const stray = others.some((line) => isMark(line.replace(/\r?\n$/, "")));
  const clean = (part: readonly string[]): string =>
    part.filter((line) => !isMark(line.replace(/\r?\n$/, ""))).join("");
  return {
    ...(inside ? blockOf(plain.slice(from + 1, to)) : {}),
    before: clean(inside ? lines.slice(0, from) : lines),
    after: clean(inside ? lines.slice(to + 1) : []),
    damaged: stray,
  };
}

const mostRemembered = 16 * 1024;

function blockOf(lines: readonly string[]): Pick<HostsFile, "block" | "lines"> {
  const size = lines.reduce((sum, line) => sum + line.length + 1, 0);
  return { block: digestOfLines(lines), ...(size > mostRemembered ? {} : { lines }) };
}

/** The file with these lines as its block; without lines without a block. */
export function withBlock(
  { before, after }: HostsFile,
  lines: readonly string[],
  fleet: string,
): string {
  if (lines.length === 0) return before + after;
  const start = before === "" || before.endsWith("\n") ? before : `${before}\n`;
  return `${start}${[begin(fleet), ...lines, end(fleet)].join("\n")}\n${after}`;
}
