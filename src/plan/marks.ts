import type { Inventory, Mark } from "../model/inventory.ts";

/** What the planner must know of one app file to tell whether it may be tried. */
export interface FamilyInput {
  readonly family: string;
  readonly machines: readonly string[];
  /** Digest of its effective input under a machine's key. */
  inputDigest(machine: string): string | undefined;
  readonly onFailure: "revert" | "halt" | "continue";
}

export type Decision =
  | { readonly state: "go"; readonly good?: Mark }
  /** HEAD's input has failed: the app stays at (or returns to) `good`. */
  | { readonly state: "return"; readonly failed: Mark; readonly good: Mark }
  /** Its containers stay as they are; `why`, in words: nothing to return to, halted. */
  | {
      readonly state: "freeze";
      readonly failed: Mark;
      readonly good?: Mark;
      readonly why: string;
    };

/** What is known of a mark besides. */
export interface MarkFacts {
  /** Someone asked for another try since it was made. */
  isRetried(mark: Mark): boolean;
  /** It was made before this pass. */
  isFormer(mark: Mark): boolean;
}

/** Whether a family is tried, from the marks on its machines. */
export function decide(
  input: FamilyInput,
  inventories: ReadonlyMap<string, Inventory>,
  { isRetried, isFormer }: MarkFacts,
): Decision {
  const records = [...inventories].flatMap(([machine, inventory]) => {
    const record = inventory.apps[input.family];
    return record === undefined ? [] : [{ machine, record }];
  });
  const good = newest(records.flatMap(({ record }) => record.good ?? []));
  const failed = newest(
    records.flatMap(({ machine, record }) =>
      record.failed !== undefined && record.failed.inputDigest === input.inputDigest(machine)
        ? record.failed
        : [],
    ),
  );
  if (failed === undefined || isRetried(failed)) return { state: "go", ...(good ? { good } : {}) };
  // What failed worked before, and there is nothing else to return to: it is healed, but once in a pass.
  if (records.some(({ record }) => record.good?.inputDigest === failed.inputDigest)) {
    if (isFormer(failed)) return { state: "go", ...(good ? { good } : {}) };
    return { state: "freeze", failed, ...(good ? { good } : {}), why: "it worked before" };
  }
  if (good === undefined) return { state: "freeze", failed, why: "nothing to return to" };
  if (input.onFailure === "halt") return { state: "freeze", failed, good, why: "halted" };
  return { state: "return", failed, good };
}

const newest = (marks: readonly Mark[]): Mark | undefined =>
  marks.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0];
