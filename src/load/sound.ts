import type { ErrorObject } from "ajv/dist/2020.js";
import { isObject, type JsonObject } from "../lib/json.ts";
import { collectCuts, type Cuts } from "./cut.ts";
import { explain, pathOf, unknownKeyOf } from "./explain.ts";
import type { Findings, Report } from "./findings.ts";
import { meaningOf, ownPath } from "./meant.ts";
import { withoutNulls } from "./merge.ts";
import { isNull, nodeAt, unknownAt, type MapNode, type Node } from "./node.ts";
import { plainOf, refuseLeadingZeros } from "./plain.ts";
import { isWhole, lacks } from "./reading.ts";
import type { DocumentKind, Schemas } from "./schemas.ts";
import type { Validator, Validators } from "./validators.ts";

export interface Checking {
  readonly validators: Validators;
  readonly findings: Findings;
}

/** A layer need not be complete: what is missing is a finding only once all are merged. */
export type Stage = "layer" | "merged";

interface About {
  readonly kind: DocumentKind;
  readonly stage: Stage;
  readonly schemas: Schemas;
  readonly report: Report;
}

/** More unknown keys than this in one map are not looked at one by one: it is no map of ours. */
const guessLimit = 100;

/** More rounds than there are levels in a file: what is cut in one can leave its parent incomplete in the next. */
const roundLimit = 64;

/**
 * The part of a map in which its kind's schema finds nothing wrong, with findings of what is. The rest is unknown, so
 * that it is in the way of nothing else and nothing is concluded from its not being there.
 */
export function soundPart(
  kind: DocumentKind,
  root: MapNode,
  stage: Stage,
  { validators, findings }: Checking,
): Node {
  const { report } = findings;
  const validator = validators.of(kind);
  const about: About = { kind, stage, schemas: validators.schemas, report };
  const read = stage === "layer" ? refuseLeadingZeros(root, validator.textPaths, report) : root;
  const errors = validator
    .check(plainOf(read, validator.textPaths, null))
    .filter((error) => isAbout(error, read));
  const sound = errors.length === 0 ? read : explainAndCut(errors, read, about);
  return isWhole(sound) ? sound : completed(sound, validator, about);
}

/** Nothing can be wrong with an unknown value, or one that unsets another, but its key, if that was written. */
function isAbout(error: ErrorObject, root: Node): boolean {
  const key = unknownKeyOf(error);
  const path = pathOf(error.instancePath);
  const node = nodeAt(root, key === undefined ? path : [...path, key]);
  if (node === undefined) return true;
  if (node.kind === "unknown" && node.guessed === true) return false;
  const unsets = isNull(node) && isMerged(root, path);
  if (node.kind !== "unknown" && !unsets) return true;
  return key !== undefined || error.keyword === "x-slipway-later";
}

/** Whether a value stands in maps only, which merge: lists replace, with all that is in them. */
const isMerged = (root: Node, path: readonly string[]): boolean =>
  path.every((_, i) => nodeAt(root, path.slice(0, i))?.kind === "map");

function explainAndCut(errors: readonly ErrorObject[], root: Node, about: About): Node {
  const cuts = collectCuts();
  const explained = { ...about, root };
  const missing = errors.filter(isOfMissing);
  for (const error of errors) {
    if (isOfMissing(error)) continue;
    if (error.keyword === "uniqueItems") cutRepeats(error, explained, cuts);
    else {
      explain(error, explained);
      cut(error, about, cuts);
    }
  }
  cutUnknownKeys(errors, about, cuts);
  const rest = cuts.from(root);
  const last = collectCuts();
  for (const error of missing) {
    if (isLater(error, about)) continue;
    if (isMissing(error, rest)) explain(error, explained);
    last.unknown(pathOf(error.instancePath));
  }
  return last.from(rest);
}

const isOfMissing = ({ keyword }: ErrorObject): boolean =>
  keyword === "required" || keyword === "minProperties";

/** Whether what is missing may still come from another layer, or is looked for once services are by themselves. */
function isLater({ instancePath }: ErrorObject, { kind, stage }: About): boolean {
  if (stage === "layer") return true;
  if (kind === "slipway") return instancePath === "" || /^\/defaults(?:\/|$)/.test(instancePath);
  return kind === "app" && !/^\/(?:services$|freeze\/|paused$)/.test(instancePath);
}

function isMissing({ instancePath, keyword, params }: ErrorObject, rest: Node): boolean {
  const path = pathOf(instancePath);
  if (keyword === "required") return lacks(rest, [...path, String(params["missingProperty"])]);
  const node = nodeAt(rest, path);
  return node !== undefined && isWhole(node);
}

/** Keys whose place is taken by another one until they are supported: nothing is missing where they stand. */
const standsFor: Readonly<Record<string, string>> = {
  "app.build": "image",
  "app.placement": "machines",
  "machine.provider": "address",
};

function cut(error: ErrorObject, { kind }: About, cuts: Cuts): void {
  const path = pathOf(error.instancePath);
  const above = path.slice(0, -1);
  const last = path.at(-1) ?? "";
  if (error.propertyName !== undefined || error.keyword === "propertyNames") {
    cuts.key(path, error.propertyName ?? String(error.params["propertyName"]));
    cuts.unsure(path);
  } else if (error.keyword === "x-slipway-later") {
    cuts.key(above, last);
    const [own, below] = ownPath(kind, path);
    const instead = standsFor[`${own}.${below.join(".")}`];
    if (instead !== undefined) cuts.guess(above, instead);
    else if (below.length > 1) cuts.unsure(above);
  } else if (unknownKeyOf(error) === undefined) {
    cuts.unknown(path);
  }
}

function cutUnknownKeys(errors: readonly ErrorObject[], about: About, cuts: Cuts): void {
  const byMap = Map.groupBy(
    errors.filter((error) => unknownKeyOf(error) !== undefined),
    (error) => error.instancePath,
  );
  for (const [pointer, unknown] of byMap) {
    const path = pathOf(pointer);
    if (unknown.length > guessLimit) {
      cuts.unknown(path);
      continue;
    }
    for (const error of unknown) {
      const key = unknownKeyOf(error) ?? "";
      const schema: JsonObject = isObject(error.parentSchema) ? error.parentSchema : {};
      const meaning = meaningOf({ key, path, schema }, about);
      cuts.key(path, key);
      if (meaning?.key === undefined) cuts.unsure(path);
      else cuts.guess(meaning.beside === true ? path.slice(0, -1) : path, meaning.key);
    }
  }
}

/** What stands in a list twice is told each time, and is in it once. */
function cutRepeats(
  error: ErrorObject,
  explained: About & { readonly root: Node },
  cuts: Cuts,
): void {
  const path = pathOf(error.instancePath);
  const list = Array.isArray(error.data) ? error.data : [];
  const seen = new Set<string>();
  const repeats = new Set<number>();
  for (const [i, item] of list.entries()) {
    const text = JSON.stringify(item);
    if (seen.has(text)) repeats.add(i);
    seen.add(text);
  }
  for (const i of repeats) explain({ ...error, params: { i } }, explained);
  cuts.repeats(path, repeats);
}

/** What remains must be as the schema says, too: what needs something unknown is unknown. */
function completed(node: Node, validator: Validator, about: About): Node {
  let rest = node;
  for (let round = 0; round < roundLimit && rest.kind === "map"; round++) {
    const errors = validator
      .check(plainOf(withoutNulls(rest), validator.textPaths))
      .filter((error) => !(isOfMissing(error) && isLater(error, about)));
    if (errors.length === 0) return rest;
    const cuts = collectCuts();
    for (const error of errors) cuts.unknown(pathOf(error.instancePath));
    rest = cuts.from(rest);
  }
  return unknownAt(node.at);
}
