import type { Json } from "../lib/json.ts";
import { counted, cutAtWord, listed, printableLine, shortRevision } from "../lib/text.ts";
import type { Action, Change, Disruption, Field, Reason } from "../model/change.ts";
import type { Where } from "../model/diagnostic.ts";
import type { Held, Plan } from "../model/plan.ts";
import type { Reach } from "../model/reach.ts";
import type { Shortage } from "../model/shortage.ts";
import {
  countsOf,
  countsText,
  type Entry,
  groupsOf,
  placeText,
  type PlanGroup,
  unknownGroups,
} from "./plan-groups.ts";
import { type Paint, painter, type Tone } from "./style.ts";
import { bytes } from "./units.ts";
import { table } from "./table.ts";

export interface PlanView {
  readonly reach?: readonly Reach[];
  readonly shortages?: readonly Shortage[];
  /** Of the files as they stand in the folder, on top of the plan's revision. */
  readonly workingTree?: boolean;
  readonly colour?: boolean;
  /** Of the terminal. */
  readonly columns?: number;
}

const symbols: Readonly<Record<Action, readonly [string, Tone]>> = {
  create: ["+", "add"],
  update: ["~", "change"],
  replace: ["-/+", "change"],
  delete: ["-", "remove"],
  run: [">", "strong"],
};

const longestValue = 60;

/** A plan for people: by app, with causes, what is held and what could not be seen. Ends with a line end. */
export function planText(plan: Plan, view: PlanView = {}): string {
  const paint = painter(view.colour ?? false);
  const sections = [
    [
      `Plan for ${view.workingTree === true ? "the working tree on " : ""}${paint("strong", shortRevision(plan.revision))}: ${countsText(countsOf(plan))}`,
    ],
    ...groupsOf(plan).map((group) => groupLines(group, paint)),
    heldLines(plan.held, paint),
    unknownLines(plan, paint),
    shortageLines(view.shortages ?? [], paint),
    reachLines(view.reach ?? [], paint, view.columns),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

export const groupLines = (group: PlanGroup, paint: Paint): readonly string[] => [
  paint("strong", printableLine(group.title)),
  ...group.entries.flatMap((entry) => entryLines(entry, paint)),
];

function entryLines(entry: Entry, paint: Paint): readonly string[] {
  const { change } = entry;
  const [symbol, tone] = symbols[change.action];
  return [
    `${paint(tone, symbol.padStart(4))} ${printableLine(placeText(entry))}: ${reasonText(change.reason, paint)}`,
    ...change.fields.map((field) => `       ${fieldText(field)}`),
    ...noticesOf(change).map((notice) => `       ${paint("warn", `! ${notice}`)}`),
  ];
}

export const reasonText = (reason: Reason, paint: Paint): string =>
  `${printableLine(reason.text)}${whereText(reason.where, paint)}`;

const whereText = (where: Where | undefined, paint: Paint): string =>
  where === undefined ? "" : ` ${paint("dim", `(${printableLine(where.file)}:${where.line})`)}`;

/** `env.LOG_LEVEL: debug → info`, live before declared. */
export const fieldText = (field: Field): string =>
  `${printableLine(field.path)}: ${valueText(field.live)} → ${valueText(field.declared)}`;

/** Text as it is where that is clear, else as JSON. */
function valueText(value: Json | undefined): string {
  if (value === undefined) return "(none)";
  const plain =
    typeof value === "string" && value !== "" && !/^\s|\s$|[\n\r\t]|^\(none\)$/.test(value);
  return cutAtWord(printableLine(plain ? value : JSON.stringify(value)), longestValue);
}

/** What is worth a second look before it is let through. */
export const noticesOf = ({ disruption, trial }: Change): readonly string[] =>
  [
    disruptionText(disruption) ?? [],
    trial === undefined
      ? []
      : "could cut us off: the machine itself puts it back unless a new login comes through",
  ].flat();

export function disruptionText(disruption: Disruption): string | undefined {
  switch (disruption.kind) {
    case "none":
      return undefined;
    case "restart":
      return "restarts";
    case "gap":
      return disruption.seconds === undefined
        ? "it stops, and answers no more"
        : `nobody answers for up to ${disruption.seconds} s`;
  }
}

export function heldLines(held: readonly Held[], paint: Paint): readonly string[] {
  if (held.length === 0) return [];
  const lines = held.flatMap((h) => [
    `   ${paint("warn", "#")} ${printableLine(h.address)}: ${printableLine(h.text)}${isPlaced(h) ? "" : whereText(h.where, paint)}`,
    ...(h.needs === undefined ? [] : [`       needs ${paint("strong", printableLine(h.needs))}`]),
  ]);
  return [paint("strong", "held"), ...lines];
}

/** Whether its text ends with its place already. */
const isPlaced = ({ text, where }: Held): boolean =>
  where !== undefined && text.endsWith(`${where.file}:${where.line}`);

export function unknownLines(
  plan: Pick<Plan, "unknown" | "awaiting">,
  paint: Paint,
): readonly string[] {
  const unknown = unknownGroups(plan.unknown).map(
    ({ machine, why, addresses }) =>
      `   ${paint("warn", "?")} ${printableLine(machine)}: ${printableLine(why)} ${paint("dim", `(${counted(addresses.length, "resource")})`)}`,
  );
  const awaiting =
    plan.awaiting.length === 0
      ? []
      : [`   … ${printableLine(listed(plan.awaiting))}: looked at after these changes`];
  return unknown.length + awaiting.length === 0
    ? []
    : [paint("strong", "not seen"), ...unknown, ...awaiting];
}

/** `! web-1: containers are declared to take 12 GB of memory, it has 8 GB`; `! web-1: image shop:2 takes about 2 GB of disk; 1 GB is free` */
export const shortageLines = (shortages: readonly Shortage[], paint: Paint): readonly string[] =>
  shortages.length === 0
    ? []
    : [
        paint("strong", "may not fit"),
        ...shortages.map(
          (shortage) =>
            `   ${paint("warn", "!")} ${printableLine(shortage.machine)}: ${printableLine(shortageText(shortage))}`,
        ),
      ];

function shortageText(shortage: Shortage): string {
  const [declared, total] = [bytes(shortage.declared), bytes(shortage.total)];
  if (shortage.of === "memory")
    return `containers are declared to take ${declared} of memory, it has ${total}`;
  const { for: what, unknown } = shortage;
  const more = unknown.length === 0 ? "" : `, besides ${listed(unknown)} of unknown size`;
  return `${listed(what)} ${what.length === 1 ? "takes" : "take"} about ${declared} of disk${more}; ${total} is free, and 256 MB are to stay so`;
}

export function reachLines(
  reach: readonly Reach[],
  paint: Paint,
  columns?: number,
): readonly string[] {
  if (reach.length === 0) return [];
  const rows = reach.map((r) => [
    { text: `   ${printableLine(r.what)}` },
    { text: printableLine(r.who), ...(r.isPublic ? { tone: "warn" as const } : {}) },
    { text: printableLine(r.where) },
  ]);
  const [, ...lines] = table(["", "", ""], rows, {
    paint,
    ...(columns === undefined ? {} : { columns }),
  });
  return [paint("strong", "who can reach what"), ...lines];
}
