import type { OpeningCode } from "../load/codes.ts";
import { placeOf, variablesWithSecrets, type SecretDigests } from "../desired/secrets.ts";
import { bytesOfText, joinBytes } from "../lib/bytes.ts";
import { digestOfBytes } from "../lib/hash.ts";
import { canonicalJson } from "../lib/json.ts";
import { mapLimit } from "../lib/parallel.ts";
import { listed } from "../lib/text.ts";
import type { Diagnostic } from "../model/diagnostic.ts";
import type { AppDocument, Documents } from "../model/documents.ts";
import { sealedIn, type SealedText, type SealedValue } from "../model/sealed.ts";
import { fingerprint, Secret } from "../model/secret.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { unfitCertificates } from "./given.ts";
import type { World } from "./world.ts";

/** What was opened, by the id of its ciphertext. */
export type OpenedSecrets = ReadonlyMap<string, Secret>;

const opensAtOnce = 8;

/** Opens all that apps, machines and registries refer to: what stays closed is a finding at its place. */
export async function openSecrets(
  { secrets: opener }: Pick<World, "secrets">,
  documents: Documents,
  snapshot: Snapshot,
): Promise<{ readonly secrets: OpenedSecrets; readonly findings: readonly Diagnostic[] }> {
  const opened = new Map<string, Secret>();
  const used = usersOf(documents);
  const [first] = used.values();
  if (first === undefined || opener === "closed") return { secrets: opened, findings: [] };
  if (!(await opener.prepare(documents.fleet))) {
    const message = `${first.value.name} cannot be opened without a key: --age-key, or SLIPWAY_AGE_KEY`;
    return { secrets: opened, findings: [finding("secret-without-key", first.value, message)] };
  }
  opener.spare(namesIn(documents));
  const read = async (blob: string, maxBytes: number): Promise<Uint8Array> =>
    await snapshot.read(blob, maxBytes);
  const findings = await mapLimit([...used.values()], opensAtOnce, async ({ value, users }) => {
    const found = await opener.open(documents.fleet, value, read);
    if (!(found instanceof Secret)) {
      const message = `${value.name} (of ${listed([...users])}): ${found.text}`;
      return [finding(codes[found.reason], value, message)];
    }
    opened.set(value.id, found);
    return [];
  });
  return {
    secrets: opened,
    findings: [
      ...findings.flat(),
      ...[...documents.apps.values()].flatMap((app) => [
        ...unfit(app, opened),
        ...unfitCertificates(app, opened),
      ]),
    ],
  };
}

/** What stands in addresses and texts, and would be missed there. */
const namesIn = ({ fleet, machines, apps }: Documents): readonly string[] => [
  fleet,
  ...machines.keys(),
  ...[...apps.values()].flatMap(({ name, family, service, fields }) => [
    name,
    family,
    ...(service === undefined ? [] : [service]),
    ...(fields.image ?? "").split(/[/:@]/),
  ]),
];

const codes = {
  "not-a-recipient": "secret-not-for-us",
  damaged: "secret-damaged",
  "too-large": "secret-too-large",
  unsupported: "secret-unsupported",
} as const satisfies Record<string, OpeningCode>;

const finding = (
  code: OpeningCode,
  { where }: Pick<SealedValue, "where">,
  message: string,
): Diagnostic => ({ severity: "error", code, where, message });

/** By id, what apps, machines and registries refer to, and who does. */
function usersOf(
  documents: Documents,
): ReadonlyMap<string, { readonly value: SealedValue; readonly users: Set<string> }> {
  const used = new Map<string, { readonly value: SealedValue; readonly users: Set<string> }>();
  const use = (value: SealedValue, user: string): void => {
    const known = used.get(value.id) ?? { value, users: new Set() };
    known.users.add(user);
    used.set(value.id, known);
  };
  for (const app of documents.apps.values())
    for (const value of app.secrets.values()) use(value, `app/${app.family}`);
  for (const { name, secrets } of documents.machines.values())
    for (const value of secrets.values()) use(value, `machine/${name}`);
  for (const [host, { password }] of documents.logins) use(password, `registry ${host}`);
  return used;
}

/** What cannot be a variable of the environment, or part of a text. */
function unfit(app: AppDocument, opened: OpenedSecrets): readonly Diagnostic[] {
  const told = new Set<string>();
  return variablesWithSecrets(app).flatMap(({ name, text: whole }) => {
    const secrets = sealedIn(whole);
    const where = placeOf(app, ["env", name]);
    const wrong = secrets.flatMap(({ id, name: of }) => {
      const secret = opened.get(id);
      if (secret === undefined || told.has(id)) return [];
      const text = secret.revealText();
      if (text !== undefined && !text.includes("\0")) return [];
      told.add(id);
      const what = text === undefined ? "is no text (UTF-8)" : "holds a NUL byte";
      const message = `${of} ${what} and cannot be the variable ${name}; give it as a file`;
      return [finding("secret-no-text", { where }, message)];
    });
    const isKnown = secrets.every(({ id }) => opened.has(id));
    if (!isKnown || wrong.length > 0 || told.has(name)) return wrong;
    if (name.length + 2 + revealed(whole, opened).length <= longestVariable) return [];
    told.add(name);
    const message = `${listed([...new Set(secrets.map((one) => one.name))])} is too long for the variable ${name}: Linux starts nothing with one of more than 128 KiB; give it as a file`;
    return [finding("secret-too-large", { where }, message)];
  });
}

/** What Linux takes for one variable, in bytes: its name, `=`, its value, and a NUL. */
const longestVariable = 128 * 1024;

/** A text with its secrets opened. */
export function revealed(text: SealedText, opened: OpenedSecrets): Uint8Array {
  const parts = text.map((part) => {
    if (typeof part === "string") return bytesOfText(part);
    const secret = opened.get(part.id);
    if (secret === undefined) throw new Error(`${part.name} was not opened`);
    return secret.reveal();
  });
  return joinBytes(parts);
}

/** Digests of texts with opened secrets. Where nothing was to be opened, they are the same for all. */
export function digestsWith(opened: OpenedSecrets, isClosed: boolean): SecretDigests {
  if (isClosed) return { fingerprint: () => "", sha256: () => "" };
  /** A file may be large, and is asked for by every machine that has it. */
  const sums = new Map<string, string>();
  return {
    fingerprint: (text, key) => fingerprint(revealed(text, opened), key),
    sha256: (text) => {
      const made = canonicalJson(text.map((part) => (typeof part === "string" ? part : [part.id])));
      const sum = sums.get(made) ?? digestOfBytes(revealed(text, opened));
      sums.set(made, sum);
      return sum;
    },
  };
}

/** The last net, for what machines say. */
export const redactor =
  ({ secrets }: Pick<World, "secrets">) =>
  (text: string): string =>
    secrets === "closed" ? text : secrets.redact(text);
