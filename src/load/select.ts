import { didYouMean } from "../lib/suggest.ts";
import type { Locator, MachineDocument } from "../model/documents.ts";
import type { Member } from "./expand.ts";
import type { Report } from "./findings.ts";

/** The machines of a repo, also those whose files are not right. */
export interface KnownMachines {
  readonly documents: ReadonlyMap<string, MachineDocument>;
  readonly names: ReadonlySet<string>;
  readonly labels: LabelIndex;
  readonly report: Report;
}

/** Where an app runs: names, sorted. What matches nothing is a finding. */
export function selectMachines(app: Member, known: KnownMachines): readonly string[] {
  const wish = app.fields.machines;
  if (wish === undefined) return byDefault(app, known);
  if (wish === "all") return [...known.names].toSorted();
  if (typeof wish === "string") return named([wish], () => app.at(["machines"]), known);
  if (Array.isArray(wish)) return named(wish, (i) => app.at(["machines", i]), known);
  return byLabels(wish, app.at, known);
}

function byDefault(app: Member, { names, report }: KnownMachines): readonly string[] {
  if (names.size === 1 || app.fields.instances === 0) return [...names].slice(0, 1);
  const some = [...names].toSorted().slice(0, 3).join(", ");
  const example = "for example machines: { role: web }, or all";
  const why =
    names.size === 0
      ? "there is no machine yet (machines/<name>.yaml)"
      : `there are ${names.size} (${some}${names.size > 3 ? ", …" : ""})`;
  report(
    "machines-missing",
    app.at([]),
    `app '${app.name}' must say on which machines it runs, since ${why}; ${example}`,
  );
  return [];
}

function named(
  wishes: readonly string[],
  at: (index: number) => ReturnType<Locator>,
  { names, report }: KnownMachines,
): readonly string[] {
  for (const [i, wish] of wishes.entries()) {
    if (!names.has(wish))
      report(
        "unknown-machine",
        at(i),
        () => `there is no machine '${wish}'${didYouMean(wish, names)}`,
      );
  }
  return [...new Set(wishes.filter((wish) => names.has(wish)))].toSorted();
}

type Wish = Readonly<Record<string, string | readonly string[]>>;

function byLabels(
  wish: Wish,
  at: Locator,
  { documents, names, labels, report }: KnownMachines,
): readonly string[] {
  const wishes = Object.entries(wish).map(([label, value]) => {
    const having = labels.get(label);
    return new Set([value].flat().flatMap((wanted) => [...(having?.get(wanted) ?? [])]));
  });
  const [first = new Set<string>(), ...others] = wishes;
  const chosen = [...first].filter((name) => others.every((set) => set.has(name)));
  // A machine whose file is not right may be the one that matches.
  if (chosen.length === 0 && documents.size === names.size) {
    report(
      "selector-matches-nothing",
      at(["machines"]),
      () => `no machine has ${inWords(wish)}${nearLabel(wish, labels)}`,
    );
  }
  return chosen.toSorted();
}

/** Label → value → names of the machines that have it. */
export type LabelIndex = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

export function labelIndexOf(machines: ReadonlyMap<string, MachineDocument>): LabelIndex {
  const index = new Map<string, Map<string, Set<string>>>();
  for (const { name, fields } of machines.values()) {
    for (const [label, value] of Object.entries(fields.labels ?? {})) {
      const values = index.get(label) ?? new Map<string, Set<string>>();
      index.set(label, values);
      for (const one of [value].flat()) values.set(one, (values.get(one) ?? new Set()).add(name));
    }
  }
  return index;
}

const inWords = (wish: Wish): string =>
  Object.entries(wish)
    .map(([label, value]) => `${label}: ${[value].flat().join(" or ")}`)
    .join(" and ");

/** The first label or value that no machine has, and the nearest that one has. */
function nearLabel(wish: Wish, labels: LabelIndex): string {
  for (const [label, value] of Object.entries(wish)) {
    const values = labels.get(label);
    if (values === undefined) return didYouMean(label, labels.keys());
    const odd = [value].flat().find((wanted) => !values.has(wanted));
    if (odd !== undefined) return didYouMean(odd, values.keys());
  }
  return "";
}
