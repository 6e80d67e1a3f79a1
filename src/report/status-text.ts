import { counted, listed, printableLine, shortRevision } from "../lib/text.ts";
import type {
  AppStatus,
  CertificateStatus,
  HeadStatus,
  InstanceStatus,
  MachineStatus,
  Room,
  StatusDocument,
} from "../model/status.ts";
import { jobLines } from "./jobs-text.ts";
import { toneOf } from "./outcome-text.ts";
import { concernLines, upkeepLines } from "./machine-text.ts";
import { type Paint, painter } from "./style.ts";
import { type Cell, table } from "./table.ts";
import { age, bytes } from "./units.ts";

export interface StatusView {
  /** Milliseconds since 1970: what ages are counted from. */
  readonly now: number;
  readonly colour?: boolean;
  /** Of the terminal. */
  readonly columns?: number;
}

/** What runs where, at which revision. Ends with a line end. */
export function statusText(status: StatusDocument, view: StatusView): string {
  const paint = painter(view.colour ?? false);
  const sections = [
    [
      `${paint("strong", printableLine(status.fleet))} ${revisionText(status)}`,
      ...headLines(status.head, paint),
    ],
    machineLines(status.machines, paint, view),
    upkeepLines(status.machines, optionsOf(paint, view)),
    instanceLines(status.apps, paint, view),
    status.apps.flatMap(({ family, routes = [] }) => routeLines(family, routes)),
    jobLines(status.jobs ?? [], paint, view),
    certificateLines(status.certificates ?? [], paint, view),
    noteLines(status, paint),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** What no machine told may be anything. */
function revisionText({ revision, machines }: StatusDocument): string {
  if (revision !== undefined) return `at ${shortRevision(revision)}`;
  return machines.some(({ why }) => why !== undefined)
    ? "at a revision that no machine could tell"
    : "nothing applied yet";
}

/** `head 3f2a1bc Shop 1.1: applied, nothing pending` */
function headLines(head: HeadStatus | undefined, paint: Paint): readonly string[] {
  if (head === undefined) return [];
  const { revision, subject, outcome, text } = head;
  const came =
    outcome === undefined ? "not tried yet" : paint(toneOf(outcome), printableLine(outcome));
  const lines = [
    `head ${shortRevision(revision)} ${printableLine(subject)}: ${came}${pendingText(head)}`,
  ];
  const isWell = outcome === undefined || outcome === "applied" || text === undefined;
  return isWell ? lines : [...lines, `     ${paint("dim", printableLine(text))}`];
}

function pendingText({ pending, unknown = 0 }: HeadStatus): string {
  if (pending === undefined) return "";
  if (unknown === 0) return `, ${pending === 0 ? "nothing" : counted(pending, "change")} pending`;
  // What was not seen may need anything.
  return `${pending === 0 ? "" : `, ${counted(pending, "change")} pending`}, ${unknown} not seen`;
}

/** Containers only: of the apps given. Ends with a line end. */
export function psText(apps: readonly AppStatus[], view: StatusView): string {
  const lines = instanceLines(apps, painter(view.colour ?? false), view);
  return lines.length === 0 ? "nothing runs\n" : `${lines.join("\n")}\n`;
}

function machineLines(
  machines: readonly MachineStatus[],
  paint: Paint,
  view: StatusView,
): readonly string[] {
  if (machines.length === 0) return ["no machines"];
  const rows = machines.map((m) => [
    printableLine(m.name),
    machineState(m),
    printableLine(m.os ?? ""),
    printableLine(m.engine ?? ""),
    m.uptime === undefined ? "" : age(m.uptime * 1000),
    m.load === undefined ? "" : m.load.toFixed(2),
    roomCell(m.memory),
    roomCell(m.disk),
  ]);
  return table(
    ["MACHINE", "STATE", "OS", "ENGINE", "UP", "LOAD", "MEMORY", "DISK"],
    rows,
    optionsOf(paint, view),
  );
}

function machineState(machine: MachineStatus): Cell {
  if (!machine.reachable) return { text: "unreachable", tone: "bad" };
  return machine.why === undefined
    ? { text: "up", tone: "good" }
    : { text: "trouble", tone: "warn" };
}

/** What is used of what there is; with less than a tenth left it is worth a look. */
function roomCell(room: Room | undefined): Cell {
  if (room === undefined) return { text: "" };
  const text = `${bytes(Math.max(0, room.total - room.available))} of ${bytes(room.total)}`;
  return room.available * 10 < room.total ? { text, tone: "warn" } : { text };
}

function instanceLines(
  apps: readonly AppStatus[],
  paint: Paint,
  view: StatusView,
): readonly string[] {
  const rows = apps
    .flatMap((app) => app.instances)
    .map((i) => [
      printableLine(i.app),
      printableLine(i.machine),
      String(i.instance),
      instanceState(i),
      i.restarts === 0 ? "0" : { text: String(i.restarts), tone: "warn" as const },
      sinceText(i.since, view.now),
      shortRevision(i.revision),
      printableLine(i.ports.join(" ")),
      printableLine(shortImage(i.image)),
    ]);
  if (rows.length === 0) return [];
  const heads = ["APP", "MACHINE", "N", "STATE", "RESTARTS", "SINCE", "REVISION", "PORTS", "IMAGE"];
  return table(heads, rows, optionsOf(paint, view));
}

/** `shop:1.4.2`, `shop@0123456789ab`: where it comes from and the rest of a digest are in the JSON. */
function shortImage(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return name.replace(/sha256:([0-9a-f]{12})[0-9a-f]*$/, "$1");
}

function instanceState(instance: InstanceStatus): Cell {
  if (instance.failed === true) return { text: "failed", tone: "bad" };
  if (!instance.running) return { text: "stopped", tone: "bad" };
  if (instance.health === undefined) return { text: "running", tone: "good" };
  const tone =
    instance.health === "healthy" ? "good" : instance.health === "unhealthy" ? "bad" : "warn";
  return { text: printableLine(instance.health), tone };
}

function certificateLines(
  certificates: readonly CertificateStatus[],
  paint: Paint,
  view: StatusView,
): readonly string[] {
  const rows = certificates.map((one) => [
    printableLine(one.host),
    one.standIn === true ? { text: "stands in", tone: "warn" as const } : printableLine(one.issuer),
    leftCell(one.until, view.now),
    printableLine(one.machines.join(" ")),
  ]);
  return rows.length === 0
    ? []
    : table(["HOST", "CERTIFICATE", "LEFT", "MACHINES"], rows, optionsOf(paint, view));
}

const threeDaysMs = 3 * 86_400_000;

function leftCell(until: string, now: number): Cell {
  const at = Date.parse(until);
  if (Number.isNaN(at)) return { text: "" };
  if (at <= now) return { text: "ended", tone: "bad" };
  return at - now < threeDaysMs ? { text: age(at - now), tone: "warn" } : { text: age(at - now) };
}

function sinceText(since: string | undefined, now: number): string {
  const at = Date.parse(since ?? "");
  return Number.isNaN(at) ? "" : age(Math.max(0, now - at));
}

/** `app/shop at https://shop.example.com/` */
const routeLines = (family: string, routes: readonly string[]): readonly string[] =>
  routes.length === 0 ? [] : [printableLine(`app/${family} at ${listed(routes)}`)];

/** What needs a look: machines in trouble, apps that are not at the fleet's revision. */
function noteLines(status: StatusDocument, paint: Paint): readonly string[] {
  const machines = status.machines
    .filter((m) => m.why !== undefined)
    .map((m) => `${paint("warn", "…")} ${printableLine(m.name)}: ${printableLine(m.why ?? "")}`);
  const forge =
    status.forge === undefined
      ? []
      : [`${paint("bad", "✗")} no commit statuses: ${printableLine(status.forge.trouble)}`];
  const concerns = status.machines.flatMap((m) => concernLines(m, paint));
  return [
    ...forge,
    ...machines,
    ...concerns,
    ...status.apps.flatMap((app) => appNotes(app, paint)),
  ];
}

function appNotes(app: AppStatus, paint: Paint): readonly string[] {
  const name = printableLine(`app/${app.family}`);
  const good = app.good === undefined ? "" : `, good at ${shortRevision(app.good)}`;
  return [
    ...(app.failed === undefined
      ? []
      : [
          `${paint("bad", "✗")} ${name} failed at ${shortRevision(app.failed.revision)}: ${printableLine(app.failed.reason)}${good}`,
        ]),
    ...(app.held === undefined
      ? []
      : [`${paint("warn", "#")} ${name} held: ${printableLine(app.held)}`]),
  ];
}

const optionsOf = (
  paint: Paint,
  view: StatusView,
): { readonly paint: Paint; readonly columns?: number } => ({
  paint,
  ...(view.columns === undefined ? {} : { columns: view.columns }),
});
