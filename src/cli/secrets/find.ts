import { didYouMean } from "../../lib/suggest.ts";
import { listed, printableLine } from "../../lib/text.ts";
import type { Identities } from "../../secrets/identities.ts";
import { fileLimit } from "../../secrets/limits.ts";
import { open } from "../../secrets/open.ts";
import { openSops } from "../../secrets/sops.ts";
import { entryIn, readValueFile } from "../../secrets/value-file.ts";
import { UserError } from "../trouble.ts";
import { parseSecretName } from "./names.ts";
import { unreadable } from "./store-value.ts";
import type { SecretFile, SecretTree } from "./tree.ts";

/** The value that a reference means, with the environment laid over the root. Throws UserError. */
export async function openNamed(
  { files }: SecretTree,
  text: string,
  environment: string | undefined,
  identities: () => Promise<Identities>,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  const layers = environment === undefined ? [undefined] : [environment, undefined];
  const whole = files.filter(({ name }) => name === text || name === `${text}.age`);
  for (const layer of layers) {
    const file = whole.find((one) => one.environment === layer && one.content.form === "file");
    if (file?.content.form !== "file") continue;
    const opened = await open(file.content.bytes, await identities(), fileLimit);
    return { name: file.name, bytes: bytesOf(opened, file.path) };
  }
  const isFileOfValues = (name: string): boolean => files.some((file) => file.name === name);
  const parsed = parseSecretName(text, isFileOfValues);
  if (parsed.form === "file") throw notFound(text, files);
  for (const layer of layers) {
    const file = files.find((one) => one.environment === layer && one.name === parsed.name);
    const bytes = file === undefined ? undefined : await valueIn(file, parsed.key, identities);
    if (bytes !== undefined) return { name: text, bytes };
  }
  throw notFound(text, files);
}

async function valueIn(
  { path, content }: SecretFile,
  key: string,
  identities: () => Promise<Identities>,
): Promise<Uint8Array | undefined> {
  if (content.form === "unreadable") throw new UserError("refused", `${path}: ${content.why}`);
  if (content.form === "sops") {
    const opened = await openSops(content.text, await identities());
    if ("failure" in opened) throw closed(path, opened.failure.text);
    return opened.values.get(key)?.bytes;
  }
  if (content.form === "file") return undefined;
  const read = readValueFile(content.text);
  if ("problem" in read) throw unreadable(path, read.problem);
  const entry = entryIn(read.entries, key);
  if (entry === undefined) return undefined;
  const place = `${path}:${entry.line}`;
  if (entry.value === null)
    throw new UserError("not-found", `${key} holds nothing at ${place}, which unsets it`);
  return bytesOf(await open(entry.value, await identities()), place);
}

function bytesOf(opened: Awaited<ReturnType<typeof open>>, place: string): Uint8Array {
  if ("bytes" in opened) return opened.bytes;
  throw closed(place, opened.failure.text);
}

const closed = (place: string, why: string): UserError =>
  new UserError(
    "age-key",
    `${place} cannot be opened: ${why}`,
    "'slipway secrets verify' looks at all of them; another key is named by --age-key FILE.",
  );

function notFound(text: string, files: readonly SecretFile[]): UserError {
  const known = files.flatMap(({ name, content }) => {
    const read = content.form === "values" ? readValueFile(content.text) : undefined;
    if (read !== undefined && "entries" in read)
      return read.entries.map(({ key }) => `${name}.${key}`);
    return [name];
  });
  return new UserError(
    "not-found",
    `there is no secret '${printableLine(text)}'${didYouMean(text, known)}`,
    known.length === 0
      ? "There are none yet: 'slipway secrets set NAME.KEY' makes one."
      : `There are: ${listed(known.map(printableLine), 12)}`,
  );
}
