/** `TYPE BASE64`: the key's own bytes start with the name of its type. */
export function isWholeKey(text: string): boolean {
  const [type = "", encoded = ""] = text.split(" ");
  const bytes = Buffer.from(encoded, "base64");
  const length = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0;
  return bytes.subarray(4, 4 + length).toString("latin1") === type && bytes.length > 4 + length;
}

/** And they end where its last part does: nothing was cut off. */
export function isUncutKey(text: string): boolean {
  const bytes = Buffer.from(text.split(" ")[1] ?? "", "base64");
  let end = 0;
  while (end + 4 <= bytes.length) end += 4 + bytes.readUInt32BE(end);
  return isWholeKey(text) && end === bytes.length;
}
