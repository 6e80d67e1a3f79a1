import type { AppFields } from "../generated/app.ts";
import { didYouMean } from "../lib/suggest.ts";
import type { Locator } from "../model/documents.ts";
import type { Member } from "./expand.ts";
import type { Report } from "./findings.ts";
import { labelIndexOf, type LabelIndex } from "./labels.ts";
import type { Machine } from "./machine.ts";
import type { Path } from "./node.ts";
import type { Reading } from "./reading.ts";

/** Where an app runs. */
export interface Selection {
  /** Names, sorted. */
  readonly machines: readonly string[];
  /** Whether it surely runs on no others. */
  readonly machinesKnown: boolean;
}

interface Selecting {
  readonly machines: ReadonlyMap<string, Machine>;
  /** There are machines that not even the names are known of. */
  readonly unlisted: boolean;
  readonly report: Report;
}

interface Context extends Selecting {
  readonly labels: LabelIndex;
  readonly matching: (wishes: Wishes) => Matching;
}

/** Which machines have some labels, and which of those may have them that could not be read. */
interface Matching {
  readonly sure: readonly string[];
  readonly perhaps: number;
}

/** A choice of machines as it is written somewhere: paths are from there on. */
export interface Choice {
  readonly wish: NonNullable<AppFields["machines"]>;
  readonly at: Locator;
  readonly knows: Reading<unknown>["knows"];
}

export type Chooser = (choice: Choice) => Selection;

/** What stands at a path of something that was read, as a choice of machines. */
export const choiceAt = (
  path: Path,
  wish: Choice["wish"],
  { at, knows }: Pick<Reading<unknown>, "at" | "knows">,
): Choice => ({
  wish,
  at: (below) => at([...path, ...below]),
  knows: (below) => knows([...path, ...below]),
});

/** Chooses machines. What matches nothing is a finding, but not where what could not be read may match. */
export function createChooser(from: Selecting): Chooser {
  const labels = labelIndexOf(from.machines);
  const context: Context = { ...from, labels, matching: matchingBy(labels) };
  return (choice) => {
    const { wish, at } = choice;
    const known = choice.knows([]) && !context.unlisted;
    if (wish === "all")
      return { machines: [...context.machines.keys()].toSorted(), machinesKnown: known };
    if (typeof wish === "string")
      return { machines: named([wish], () => at([]), context), machinesKnown: known };
    if (Array.isArray(wish))
      return { machines: named(wish, (i) => at([i]), context), machinesKnown: known };
    return byLabels(wish, choice, context);
  };
}

/** Where an app runs: as it says, or on the only machine there is. */
export function machinesOf(app: Member, choose: Chooser, from: Selecting): Selection {
  const wish = app.fields.machines;
  return wish === undefined ? byDefault(app, from) : choose(choiceAt(["machines"], wish, app));
}

const nowhere: Selection = { machines: [], machinesKnown: false };

function byDefault(app: Member, { machines, unlisted, report }: Selecting): Selection {
  if (!app.lacks(["machines"]) || unlisted) return nowhere;
  const names = [...machines.keys()].toSorted();
  if (names.length === 1) return { machines: names, machinesKnown: true };
  if (!app.knows(["instances"])) return nowhere;
  if (app.fields.instances === 0) return { machines: names.slice(0, 1), machinesKnown: true };
  const some = names.slice(0, 3).join(", ");
  const example = "for example machines: { role: web }, or all";
  const why =
    names.length === 0
      ? "there is no machine yet (machines/<name>.yaml)"
      : `there are ${names.length} (${some}${names.length > 3 ? ", …" : ""})`;
  report(
    "machines-missing",
    app.at([]),
    `app '${app.name}' must say on which machines it runs, since ${why}; ${example}`,
  );
  return nowhere;
}

function named(
  wishes: readonly string[],
  at: (index: number) => ReturnType<Locator>,
  { machines, unlisted, report }: Context,
): readonly string[] {
  for (const [i, wish] of wishes.entries()) {
    if (!machines.has(wish) && !unlisted)
      report(
        "unknown-machine",
        at(i),
        () => `there is no machine '${wish}'${didYouMean(wish, machines.keys())}`,
      );
  }
  return [...new Set(wishes.filter((wish) => machines.has(wish)))].toSorted();
}

type Wish = Readonly<Record<string, string | readonly string[]>>;

function byLabels(
  wish: Wish,
  { at, knows }: Choice,
  { labels, matching, unlisted, report }: Context,
): Selection {
  // What is left of a label's values, where some could not be read, says neither who has one nor who has none.
  const wishes = Object.entries(wish).filter(([label]) => knows([label]));
  const { sure, perhaps } = matching(wishes);
  if (perhaps === 0 && wishes.length > 0 && !unlisted) {
    report(
      "selector-matches-nothing",
      at([]),
      () => `no machine has ${inWords(wishes)}${nearLabel(wishes, labels)}`,
    );
    return nowhere;
  }
  if (!knows([])) return nowhere;
  if (!unlisted) reportIdleValues(wishes, at, { labels, report });
  return { machines: sure, machinesKnown: perhaps === sure.length && !unlisted };
}

/** Any value of a list will do, so one that no machine has is only looked at twice. */
function reportIdleValues(
  wishes: Wishes,
  at: Locator,
  { labels, report }: Pick<Context, "labels" | "report">,
): void {
  for (const [label, value] of wishes) {
    if (typeof value === "string") continue;
    for (const [i, one] of value.entries()) {
      if (labels.perhapsHaving(label, one).size > 0) continue;
      const known = labels.values(label)?.keys() ?? [];
      const others = [...known].filter((other) => !value.includes(other));
      report(
        "unknown-label-value",
        at([label, i]),
        () => `no machine has ${label}: ${one}${didYouMean(one, others)}`,
      );
    }
  }
}

/** Many apps choose alike: each choice is made once. */
function matchingBy(labels: LabelIndex): Context["matching"] {
  const known = new Map<string, Matching>();
  return (wishes) => {
    const key = JSON.stringify(wishes);
    const matching = known.get(key) ?? {
      sure: [...intersection(wishes.map((one) => labels.having(...one)))].toSorted(),
      perhaps: intersection(wishes.map((one) => labels.perhapsHaving(...one))).size,
    };
    known.set(key, matching);
    return matching;
  };
}

function intersection(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const [first = new Set<string>(), ...others] = sets.toSorted((a, b) => a.size - b.size);
  return new Set([...first].filter((name) => others.every((set) => set.has(name))));
}

type Wishes = readonly (readonly [label: string, value: string | readonly string[]])[];

const inWords = (wishes: Wishes): string =>
  wishes.map(([label, value]) => `${label}: ${[value].flat().join(" or ")}`).join(" and ");

/** The first label or value that no machine has, and the nearest that one has. */
function nearLabel(wishes: Wishes, labels: LabelIndex): string {
  for (const [label, value] of wishes) {
    const values = labels.values(label);
    if (values === undefined) {
      const others = [...labels.names()].filter(
        (name) => !wishes.some(([other]) => other === name),
      );
      return didYouMean(label, others) || `; none has a label '${label}'`;
    }
    const [first = "", ...others] = [value].flat();
    if (![first, ...others].some((wanted) => values.has(wanted)))
      return didYouMean(first, values.keys());
  }
  return "";
}
