/** One measurement, with its counterpart measured in the same run where there is one. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: "ms" | "MiB";
  readonly note?: string;
  readonly against?: { readonly what: string; readonly value: number };
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
