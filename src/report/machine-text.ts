import { printableLine } from "../lib/text.ts";
import type { ClockStatus, MachineStatus, Room } from "../model/status.ts";
import type { Paint } from "./style.ts";
import { type Cell, table } from "./table.ts";

/** How up to date machines are, of those that answered: what is not known says so. */
export function upkeepLines(
  machines: readonly MachineStatus[],
  view: { readonly paint: Paint; readonly columns?: number },
): readonly string[] {
  const rows = machines
    .filter(({ reachable }) => reachable)
    .map((machine) => [
      printableLine(machine.name),
      printableLine(machine.kernel ?? ""),
      inodesCell(machine.inodes),
      clockCell(machine.clock),
      updatesCell(machine.securityUpdates),
      rebootCell(machine.rebootNeeded),
    ]);
  const heads = ["MACHINE", "KERNEL", "INODES", "CLOCK", "SECURITY UPDATES", "REBOOT"];
  return rows.length === 0 ? [] : table(heads, rows, view);
}

const notKnown: Cell = { text: "not known", tone: "dim" };

function inodesCell(inodes: Room | undefined): Cell {
  if (inodes === undefined || inodes.total === 0) return { text: "" };
  const { total, available } = inodes;
  const text = `${Math.max(0, Math.round(((total - available) / total) * 100))}%`;
  return available * 10 <= total ? { text, tone: "warn" } : { text };
}

function clockCell(clock: ClockStatus | undefined): Cell {
  if (clock === undefined) return notKnown;
  const { offset } = clock;
  if (offset === 0) return { text: "right" };
  return { text: `${Math.abs(offset).toFixed(1)} s ${offset > 0 ? "ahead" : "behind"}` };
}

function updatesCell(count: number | undefined): Cell {
  if (count === undefined) return notKnown;
  return count === 0 ? { text: "none" } : { text: String(count), tone: "warn" };
}

function rebootCell(isNeeded: boolean | undefined): Cell {
  if (isNeeded === undefined) return notKnown;
  return isNeeded ? { text: "needed", tone: "warn" } : { text: "no" };
}

export const concernLines = (
  { name, concerns = [] }: MachineStatus,
  paint: Paint,
): readonly string[] =>
  concerns.map(({ text }) => `${paint("warn", "!")} ${printableLine(`${name}: ${text}`)}`);
