import { decodeUtf8 } from "../lib/bytes.ts";
import { counted } from "../lib/text.ts";
import { isArmored } from "./armor.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { stanzasOf } from "./readers.ts";
import { isSops, sopsOutline } from "./sops.ts";
import { lineBreakOf, withSlots } from "./value-edit.ts";
import { readValueFile } from "./value-file.ts";

/**
 * A file below `secrets/` as a diff may show it: keys, and behind each what tells its ciphertext from any other. Nothing
 * is opened.
 */
export function textconv(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === undefined || isArmored(text)) return `${sealedText(text ?? bytes)}\n`;
  if (isSops(text)) return sopsText(text);
  const read = readValueFile(text);
  if ("problem" in read)
    return `not a file of values (line ${read.problem.line}): ${fingerprintOf(bytes)}\n`;
  const lineBreak = lineBreakOf(text);
  return withSlots(text, read.entries, ({ value, comment }) => {
    if (value === null) return undefined;
    const shown = isArmored(value) ? sealedText(value) : "NOT ENCRYPTED";
    return ` ${shown}${comment}${lineBreak}`;
  });
}

function sealedText(ciphertext: string | Uint8Array): string {
  const stanzas = stanzasOf(ciphertext);
  const of = stanzas === undefined ? "damaged" : `for ${counted(stanzas.length, "recipient")}`;
  // Line ends are the file's, not the value's.
  const same = typeof ciphertext === "string" ? ciphertext.trim().replaceAll("\r", "") : ciphertext;
  return `encrypted ${fingerprintOf(same)} ${of}`;
}

function sopsText(text: string): string {
  const outline = sopsOutline(text);
  if (outline === undefined) return `not a file of SOPS: ${fingerprintOf(text)}\n`;
  const lines = [...outline.sealed].map(
    ([key, sealed]) => `${key}: encrypted ${fingerprintOf(sealed)}`,
  );
  return [
    `# made by SOPS, for ${counted(outline.recipients.length, "recipient")} of age`,
    ...lines,
    "",
  ].join("\n");
}
