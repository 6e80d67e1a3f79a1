import { didYouMean } from "../lib/suggest.ts";
import { listed } from "../lib/text.ts";
import type { Where } from "../model/diagnostic.ts";
import type { SealedValue } from "../model/sealed.ts";
import type { FindingCode } from "./codes.ts";
import type { Report } from "./findings.ts";
import type { Secrets } from "./secrets.ts";
import { shown } from "./text.ts";

export interface Resolving {
  readonly secrets: Secrets;
  /** In whose file a key alone is looked for; undefined for what belongs to no app. */
  readonly family?: string;
  readonly report: Report;
}

/**
 * What the references that stand at one place mean; that one means nothing, or two things, is a finding. `KEY` is in the
 * file of the app's own family, `name.KEY` in that of this name; `path` or `path.age` is a whole file.
 */
export function resolve(
  refs: readonly string[],
  where: Where,
  by: Resolving,
): ReadonlyMap<string, SealedValue> {
  const found = new Map<string, SealedValue>();
  const problems: Problem[] = [];
  for (const ref of new Set(refs)) {
    const meaning = meaningOf(ref, by);
    if (meaning === undefined) continue;
    if ("name" in meaning) found.set(ref, meaning);
    else problems.push(meaning);
  }
  // In the settings an app's key stands for one of each: what is said does not follow from the place, and is kept short.
  const isShared = by.family !== undefined && where.file.endsWith("slipway.yaml");
  for (const [code, all] of Map.groupBy(problems, (one) => one.code))
    by.report(code, where, isShared ? told(all, false) : () => told(all, true));
  return found;
}

const mostTold = 5;

function told(problems: readonly Problem[], hints: boolean): string {
  const [more, first] = [problems.length - mostTold, problems.slice(0, mostTold)];
  const texts = first.map(({ message, hint }) => message() + (hints ? hint() : ""));
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

interface Problem {
  readonly code: FindingCode;
  readonly message: () => string;
  /** What may have been meant. */
  readonly hint: () => string;
}

/** Undefined where it may be something that could not be read. */
function meaningOf(ref: string, by: Resolving): SealedValue | Problem | undefined {
  const { values, wholeFiles, plain, mayHold } = by.secrets;
  const full = fullName(ref, by);
  const value = values.get(full);
  const file = wholeFiles.get(ref) ?? wholeFiles.get(`${ref}.age`);
  if (value !== undefined && file !== undefined)
    return problem("secret-ambiguous", () => ambiguous(ref, value, file));
  const found = value ?? file;
  if (found !== undefined) return found;
  const clear = plain.get(full);
  if (clear !== undefined)
    return problem(
      "secret-not-encrypted",
      () =>
        `'${full}' is not encrypted, SOPS left it for all to read (${placeOf(clear)}); have SOPS encrypt it, or write it where it is needed`,
    );
  if ([full, ref, `${ref}.age`].some(mayHold)) return undefined;
  return problem(
    "unknown-secret",
    () => missing(ref, by),
    () => near(ref, by),
  );
}

const problem = (
  code: FindingCode,
  message: () => string,
  hint: () => string = () => "",
): Problem => ({ code, message, hint });

const isKey = (ref: string): boolean => !/[./]/.test(ref);

const fullName = (ref: string, { family }: Resolving): string =>
  isKey(ref) && family !== undefined ? `${family}.${ref}` : ref;

const placeOf = ({ file, line }: Where): string => `${file}:${line}`;

function ambiguous(ref: string, value: SealedValue, file: SealedValue): string {
  const start = `'${ref}' may be the key in ${placeOf(value.where)} and the file ${file.where.file}`;
  return value.name === ref
    ? `${start}; write '${file.name}' for the file, or rename one of them`
    : `${start}; write '${value.name}', or '${file.name}' for the file`;
}

/** Among more names than this none is looked for. */
const nearLimit = 5_000;

function missing(ref: string, by: Resolving): string {
  const start = `there is no secret '${shown(ref)}'`;
  const { secrets, family } = by;
  if (isKey(ref) && family === undefined)
    return `${start}: what belongs to no app is written with its file: name.KEY`;
  const name = fileIn(fullName(ref, by), secrets);
  const layers = secrets.files.get(name);
  if (layers !== undefined)
    return `${start}: ${listed(layers)} ${layers.length === 1 ? "has" : "have"} no such key`;
  if (ref.endsWith(".age")) return `${start}: secrets/${shown(ref)} is not there`;
  return `${start}: neither secrets/${shown(name)}.yaml nor secrets/${shown(ref)}.age is there`;
}

/** The name of the file that a full name leads to: the longest that is there, else what stands before the last dot. */
function fileIn(full: string, { files }: Secrets): string {
  const names = [...full.matchAll(/\./g)].map(({ index }) => full.slice(0, index)).reverse();
  return names.find((name) => files.has(name)) ?? names[0] ?? full;
}

function near(ref: string, { secrets: { values, wholeFiles }, family = "" }: Resolving): string {
  if (values.size + wholeFiles.size > nearLimit) return "";
  const all = [...values.keys(), ...wholeFiles.keys()];
  // Keys of files of SOPS may have dots, and are then always written in full.
  const elsewhere = [`${family}.${ref}`, ...all.filter((name) => name.endsWith(`.${ref}`))];
  const same = elsewhere.find((name) => values.has(name));
  if (same !== undefined) return ` (did you mean '${same}'?)`;
  const own = all.filter((name) => name.startsWith(`${family}.`));
  const keys = own.map((name) => name.slice(family.length + 1)).filter(isKey);
  return didYouMean(ref, [...(family === "" ? [] : keys), ...all]);
}
