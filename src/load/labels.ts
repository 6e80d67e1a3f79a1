import type { Machine } from "./machine.ts";

type Value = string | readonly string[];

/** Which machines have which labels, and which may have them as far as their files could be read. */
export interface LabelIndex {
  names(): Iterable<string>;
  /** The values of a label and the machines that have them. */
  values(label: string): ReadonlyMap<string, ReadonlySet<string>> | undefined;
  having(label: string, value: Value): ReadonlySet<string>;
  /** Those, and all whose label could not be read. */
  perhapsHaving(label: string, value: Value): ReadonlySet<string>;
}

export function labelIndexOf(machines: ReadonlyMap<string, Machine>): LabelIndex {
  const index = new Map<string, Map<string, Set<string>>>();
  for (const { name, fields } of machines.values()) {
    for (const [label, value] of Object.entries(fields.labels ?? {})) {
      const values = index.get(label) ?? new Map<string, Set<string>>();
      index.set(label, values);
      for (const one of [value].flat()) values.set(one, (values.get(one) ?? new Set()).add(name));
    }
  }
  const doubtful = [...machines.values()].filter((machine) => !machine.knows([]));
  const unclear = new Map<string, readonly string[]>();
  const unclearAbout = (label: string): readonly string[] => {
    const known = unclear.get(label);
    if (known !== undefined) return known;
    const names = doubtful.filter((machine) => isUnclear(machine, label)).map(({ name }) => name);
    unclear.set(label, names);
    return names;
  };
  const having = (label: string, value: Value): Set<string> => {
    const values = index.get(label);
    return new Set([value].flat().flatMap((one) => [...(values?.get(one) ?? [])]));
  };
  return {
    names: () => index.keys(),
    values: (label) => index.get(label),
    having,
    perhapsHaving: (label, value) => having(label, value).union(new Set(unclearAbout(label))),
  };
}

/** Whether a machine, in whose file something is wrong, may have other values of a label than those that could be read. */
function isUnclear(machine: Machine, label: string): boolean {
  if (machine.fields.labels === undefined) return true;
  const path = ["labels", label];
  return (
    !machine.knows(path) || (machine.fields.labels?.[label] === undefined && !machine.lacks(path))
  );
}
