import type { AppRecord, Inventory, Mark } from "../model/inventory.ts";
import type { OnFailure } from "../model/plan.ts";

/** What the planner must know of one app file to tell whether it may be tried. */
export interface FamilyInput {
  readonly family: string;
  readonly machines: readonly string[];
  /** Digest of its effective input under a machine's key. */
  inputDigest(machine: string): string | undefined;
  readonly onFailure: OnFailure;
}

/** Machines on which a family is left as it is while it goes on elsewhere. */
export type Apart = ReadonlyMap<string, { readonly failed: Mark; readonly everWorked: boolean }>;

export type Decision =
  | { readonly state: "go"; readonly good?: Mark; readonly apart?: Apart }
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
  const tried = records.flatMap(({ machine, record }) => {
    const { failed } = record;
    const isWanted = failed?.inputDigest === input.inputDigest(machine);
    return failed === undefined || !isWanted || isRetried(failed)
      ? []
      : [{ machine, record, failed }];
  });
  const going = { state: "go", ...(good ? { good } : {}) } as const;
  const failed = newest(tried.flatMap(({ failed }) => (failed.alone === true ? [] : failed)));
  if (failed === undefined) {
    const apart = tried.filter(
      ({ machine, record, failed }) =>
        input.machines.includes(machine) && !(isHealed(record) && isFormer(failed)),
    );
    return apart.length === 0 ? going : { ...going, apart: apartOf(apart) };
  }
  // What failed worked before, and there is nothing else to return to: it is healed, but once in a pass.
  if (records.some(({ record }) => record.good?.inputDigest === failed.inputDigest)) {
    if (isFormer(failed)) return going;
    return { state: "freeze", failed, ...(good ? { good } : {}), why: "it worked before" };
  }
  if (good === undefined) return { state: "freeze", failed, why: "nothing to return to" };
  if (input.onFailure !== "revert") return { state: "freeze", failed, good, why: "halted" };
  return { state: "return", failed, good };
}

const isHealed = ({ good, failed }: AppRecord): boolean =>
  good !== undefined && good.inputDigest === failed?.inputDigest;

const apartOf = (
  tried: readonly { readonly machine: string; readonly record: AppRecord; readonly failed: Mark }[],
): Apart =>
  new Map(
    tried.map(({ machine, record, failed }) => [
      machine,
      { failed, everWorked: record.good !== undefined },
    ]),
  );

const newest = (marks: readonly Mark[]): Mark | undefined =>
  marks.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0];
