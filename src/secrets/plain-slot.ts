import { readValueFile, type ValueEntry } from "./value-file.ts";

/**
 * A value as it is written behind a key and its colon for a person to edit: as it is where YAML allows that, several lines
 * as a block, else in quotes. It reads back as it was.
 */
export function plainSlot(
  value: string,
  { indent, comment }: Pick<ValueEntry, "indent" | "comment">,
  lineBreak: string,
): string {
  const block = blockOf(value, indent, lineBreak);
  const candidates = [
    ...(/^[A-Za-z0-9_./+=@%~^-]+$/.test(value) ? [` ${value}${comment}${lineBreak}`] : []),
    ...(block === undefined ? [] : [` ${block.header}${comment}${lineBreak}${block.body}`]),
    ...(/^[ -~]*$/.test(value) ? [` '${value.replaceAll("'", "''")}'${comment}${lineBreak}`] : []),
  ];
  const quoted = ` ${JSON.stringify(value)}${comment}${lineBreak}`;
  return candidates.find((slot) => readsAs(`${indent}A:${slot}`, value)) ?? quoted;
}

function blockOf(
  value: string,
  indent: string,
  lineBreak: string,
): { readonly header: string; readonly body: string } | undefined {
  // Blank lines at the end are not seen as its own.
  if (!value.includes("\n") || /^\s|\r|\n[ \t]+$|\n[ \t]*\n$/.test(value)) return undefined;
  const lines = value.replace(/\n$/, "").split("\n");
  const body = lines.map((line) => (line === "" ? "" : `${indent}  ${line}`) + lineBreak).join("");
  return { header: value.endsWith("\n") ? "|" : "|-", body };
}

function readsAs(text: string, value: string): boolean {
  const read = readValueFile(text);
  return "entries" in read && read.entries.length === 1 && read.entries[0]?.value === value;
}
