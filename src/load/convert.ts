import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Where } from "../model/diagnostic.ts";
import type { FindingCode } from "./codes.ts";
import type { Report } from "./findings.ts";
import { listOf, unknownAt, type Node } from "./node.ts";
import { mapOf, type Written } from "./duplicates.ts";
import { depthLimit } from "./scan.ts";
import { uncarriable } from "./text.ts";

const valueLimit = 50_000;
const keyLimit = 512;
/** Keys that mean something else than a key to JavaScript; nobody needs them. */
const unsafeKeys = new Set(["__proto__", "constructor", "prototype"]);

interface Context {
  readonly whereIs: (offset: number) => Where;
  readonly report: Report;
}

interface Anchored {
  readonly node: Node;
  readonly size: number;
  readonly height: number;
}

/** A limit that is passed: nothing of the file is read. */
class GiveUp extends Error {
  readonly code: FindingCode;
  readonly offset: number;
  constructor(code: FindingCode, offset: number, message: string) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/**
 * YAML's nodes as ours: aliases written out (within limits), keys checked; what is refused is unknown. Undefined where a
 * limit is passed.
 */
export function convert(contents: unknown, context: Context): Node | undefined {
  try {
    return new Conversion(context).node(contents, 0, 0).node;
  } catch (error) {
    if (!(error instanceof GiveUp)) throw error;
    context.report(error.code, context.whereIs(error.offset), error.message);
    return undefined;
  }
}

class Conversion {
  readonly #context: Context;
  readonly #anchors = new Map<string, Anchored>();
  #values = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  node(source: unknown, depth: number, near: number): Anchored {
    const offset = offsetOf(source, near);
    if (depth > depthLimit)
      throw new GiveUp("too-deep", offset, `more than ${depthLimit} levels deep`);
    if (isAlias(source)) return this.#alias(source, depth, offset);
    this.#count(1, offset);
    const before = this.#values;
    const { node, height } = this.#collection(source, depth, offset);
    const result = { node, size: this.#values - before + 1, height };
    if ((isMap(source) || isSeq(source) || isScalar(source)) && source.anchor !== undefined) {
      this.#anchors.set(source.anchor, result);
    }
    return result;
  }

  #collection(
    source: unknown,
    depth: number,
    offset: number,
  ): { readonly node: Node; readonly height: number } {
    if (isMap(source)) return this.#map(source, depth, offset);
    if (isSeq(source)) return this.#list(source, depth, offset);
    return { node: this.#scalar(isScalar(source) ? source : undefined, offset), height: 0 };
  }

  #map(
    source: YAMLMap,
    depth: number,
    offset: number,
  ): { readonly node: Node; readonly height: number } {
    const written: Written[] = [];
    let height = 0;
    for (const pair of source.items) {
      const keyOffset = offsetOf(pair.key, offset);
      const key = this.#key(pair, keyOffset);
      const value = this.node(pair.value, depth + 1, keyOffset);
      height = Math.max(height, value.height + 1);
      written.push({ key, entry: { keyAt: this.#where(keyOffset), node: value.node } });
    }
    const at = this.#where(offset);
    const map = mapOf(at, written, this.#context.report);
    return { node: this.#refusesTag(source, offset) ? unknownAt(at) : map, height };
  }

  #list(
    source: YAMLSeq,
    depth: number,
    offset: number,
  ): { readonly node: Node; readonly height: number } {
    const items = source.items.map((item) => this.node(item, depth + 1, offset));
    const height = items.reduce((most, item) => Math.max(most, item.height + 1), 1);
    const at = this.#where(offset);
    const list = listOf(
      at,
      items.map((item) => item.node),
    );
    return { node: this.#refusesTag(source, offset) ? unknownAt(at) : list, height };
  }

  #scalar(source: Scalar | undefined, offset: number): Node {
    const at = this.#where(offset);
    if (source === undefined) return { kind: "scalar", at, value: null, source: "" };
    const { value } = source;
    const text = typeof value === "string" ? value : (source.source ?? String(value));
    const bad = uncarriable(text);
    if (bad !== undefined)
      this.#report("control-character", offset, `${bad} cannot be part of a value`);
    if (this.#refusesTag(source, offset) || bad !== undefined) return unknownAt(at);
    const plain =
      typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return { kind: "scalar", at, value: plain ? value : null, source: text };
  }

  #key({ key }: Pair, offset: number): string | undefined {
    if (!isScalar(key) || (key.value === null && (key.source ?? "") === "")) {
      this.#report(
        "bad-key",
        offset,
        "a key is a single word, neither empty nor a list, a map or an alias",
      );
      return undefined;
    }
    this.#refusesTag(key, offset);
    const text = typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
    if (text === "<<" && key.type === "PLAIN") {
      this.#report(
        "yaml-merge-key",
        offset,
        "'<<' is not used here: what apps share stands under defaults in slipway.yaml",
      );
      return undefined;
    }
    const problem = keyProblem(text);
    if (problem === undefined) return text;
    this.#report("bad-key", offset, problem);
    return undefined;
  }

  #alias(source: Alias, depth: number, offset: number): Anchored {
    const target = this.#anchors.get(source.source);
    if (target === undefined) {
      this.#report(
        "yaml-alias",
        offset,
        `*${source.source} stands for nothing that was written before it`,
      );
      return { node: unknownAt(this.#where(offset)), size: 1, height: 0 };
    }
    if (depth + target.height > depthLimit)
      throw new GiveUp("too-deep", offset, `more than ${depthLimit} levels deep`);
    this.#count(target.size, offset);
    return target;
  }

  #count(values: number, offset: number): void {
    this.#values += values;
    if (this.#values > valueLimit) {
      throw new GiveUp(
        "too-many-values",
        offset,
        `more than ${valueLimit} values, counting what aliases (*) stand for`,
      );
    }
  }

  #refusesTag(source: { readonly tag?: string }, offset: number): boolean {
    if (source.tag === undefined) return false;
    this.#report("yaml-tag", offset, "tags (!…) are not used here; put quotes around text");
    return true;
  }

  #where(offset: number): Where {
    return this.#context.whereIs(offset);
  }

  #report(code: FindingCode, offset: number, message: string): void {
    this.#context.report(code, this.#where(offset), message);
  }
}

function keyProblem(key: string): string | undefined {
  if (unsafeKeys.has(key)) return `'${key}' cannot be a key`;
  if (key.length > keyLimit) return `a key of ${key.length} characters is longer than ${keyLimit}`;
  const bad = uncarriable(key);
  return bad === undefined ? undefined : `${bad} cannot be part of a key`;
}

function offsetOf(source: unknown, otherwise: number): number {
  const range =
    isMap(source) || isSeq(source) || isScalar(source) || isAlias(source)
      ? source.range
      : undefined;
  return range?.[0] ?? otherwise;
}
