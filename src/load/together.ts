import type { Diagnostic } from "../model/diagnostic.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { FindingCode } from "./codes.ts";
import { bySeverity, inOrder, shownLimit, tooMany, withCount, type Shown } from "./findings.ts";

/** An environment that was laid over the root. */
export interface Overlay {
  readonly environment: string;
  /** Paths of its files, without `environments/<name>/`. */
  readonly files: ReadonlySet<string>;
}

/** What one reading of a repo found: of the root, or of an environment over it. */
interface Reading extends Shown {
  readonly overlay?: Overlay;
}

export function overlayOf({ entries }: Pick<Snapshot, "entries">, environment: string): Overlay {
  const folder = `environments/${environment}/`;
  const files = entries.flatMap(({ path }) =>
    path.startsWith(folder) ? path.slice(folder.length) : [],
  );
  return { environment, files: new Set(files) };
}

interface Found {
  readonly finding: Diagnostic;
  readonly by: Reading[];
}

/**
 * What was found in several readings of one repo: what they find alike once, and no more than of one. What only an
 * environment causes says so.
 */
export function togetherOf(all: readonly Reading[]): readonly Diagnostic[] {
  const found = new Map<string, Found>();
  for (const reading of all) {
    for (const finding of reading.findings) {
      if (finding.code === tooMany) continue;
      const { file, line, col } = finding.where;
      const key = JSON.stringify([file, line, col, finding.code, finding.message]);
      const { by } = found.get(key) ?? { by: [] };
      found.set(key, { finding, by: [...by, reading] });
    }
  }
  // What is omitted may be the same: then nothing is known of who does not find something.
  const whole = all.every(({ omitted }) => omitted === 0);
  const findings = [...found.values()].flatMap((one) => (whole ? told(one, all) : one.finding));
  const inTurn = findings.toSorted((a, b) => bySeverity(a, b) || inOrder(a, b));
  const cut = Math.max(0, inTurn.length - shownLimit);
  // What each omitted may be the same, or what another one told.
  const omitted = Math.max(cut, ...all.map((one) => one.omitted));
  return withCount(inTurn.slice(0, shownLimit).toSorted(inOrder), omitted, "at least ").findings;
}

/** What has an effect in one of the readings is not idle. */
const idle: ReadonlySet<string> = new Set<FindingCode>([
  "null-unsets-nothing",
  "unknown-label-value",
]);

function told({ finding, by }: Found, all: readonly Reading[]): readonly Diagnostic[] {
  const { code, where, message } = finding;
  if (by.length === all.length || where.file.startsWith("environments/")) return [finding];
  if (idle.has(code)) return [];
  const overlays = by.flatMap(({ overlay }) => overlay ?? []);
  // What the root by itself is wrong in is no environment's doing.
  if (overlays.length < by.length) return [finding];
  return [{ ...finding, message: `${message} (in ${inWords(overlays, finding)})` }];
}

function inWords(overlays: readonly Overlay[], finding: Diagnostic): string {
  const [first, ...others] = overlays;
  if (first === undefined) return "";
  const names = overlays.slice(0, 3).map(({ environment }) => environment);
  if (others.length > 0)
    return `environments ${names.join(", ")}${overlays.length > 3 ? ` and ${overlays.length - 3} more` : ""}`;
  const cause = causeIn(first, finding);
  return `environment ${first.environment}${cause === undefined ? "" : `, see ${cause}`}`;
}

/** The environment's file over one that a finding is about, unless that is named already. */
function causeIn(
  { environment, files }: Overlay,
  { where, message }: Diagnostic,
): string | undefined {
  if (message.includes(`environments/${environment}/`)) return undefined;
  const named = [...message.matchAll(/(?:apps|machines)\/[^\s:()]+\.yaml/g)].map(([path]) => path);
  const path = [where.file, ...named].find((one) => files.has(one));
  return path === undefined ? undefined : `environments/${environment}/${path}`;
}
