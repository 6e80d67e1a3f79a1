import { emptyRecord, type AppRecord, type Inventory, type Mark } from "../model/inventory.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { machinePaths } from "../model/paths.ts";
import type { Session } from "../remote/session.ts";

/** How much of the past a machine remembers. */
const historyLimit = 200;
const imagesLimit = 50;
const releasesLimit = 20;

/** Indented by two, one member a line: the fence reads the line of the epoch. */
export const inventoryText = (inventory: Inventory): string =>
  `${JSON.stringify(inventory, null, 2)}\n`;

const withRecord = (
  inventory: Inventory,
  family: string,
  change: (record: AppRecord) => AppRecord,
): Inventory => ({
  ...inventory,
  apps: { ...inventory.apps, [family]: change(inventory.apps[family] ?? emptyRecord) },
});

/** A good mark ends a failed one. */
export const markGood = (inventory: Inventory, family: string, mark: Mark): Inventory =>
  withRecord(inventory, family, ({ failed: _, ...record }) => ({ ...record, good: mark }));

export const markFailed = (inventory: Inventory, family: string, mark: Mark): Inventory =>
  withRecord(inventory, family, (record) => ({ ...record, failed: mark }));

/** An app that has gone has nothing to return to when it comes back; what its images meant and released stays. */
export const forgetMarks = (
  inventory: Inventory,
  isDeclared: (family: string) => boolean,
): Inventory => ({
  ...inventory,
  apps: Object.fromEntries(
    Object.entries(inventory.apps).map(([family, record]) => {
      if (isDeclared(family)) return [family, record];
      const { good: _good, failed: _failed, ...rest } = record;
      return [family, rest];
    }),
  ),
});

/** The same text means the same digest from now on; the newest is last, the oldest are forgotten. */
export const recordImages = (
  inventory: Inventory,
  family: string,
  images: ReadonlyMap<string, string>,
): Inventory =>
  withRecord(inventory, family, (record) => {
    const kept = Object.entries(record.images).filter(([text]) => !images.has(text));
    const hasMoved = [...images].some(([text, to]) => (record.images[text] ?? to) !== to);
    return {
      ...record,
      images: Object.fromEntries([...kept, ...images].slice(-imagesLimit)),
      ...(hasMoved ? { moved: true } : {}),
    };
  });

export const recordRelease = (inventory: Inventory, family: string, digest: string): Inventory =>
  withRecord(inventory, family, (record) => ({
    ...record,
    releases: [...record.releases.filter((r) => r !== digest), digest].slice(-releasesLimit),
  }));

/** Appends to the machine's history; the oldest lines go. Rewritten whole, by rename. */
export async function appendHistory(
  session: Session,
  fleet: string,
  outcome: RevisionOutcome,
): Promise<void> {
  const { history } = machinePaths(fleet);
  const argv = [
    "sh",
    "-c",
    '[ ! -e "$1" ] || exec tail -n "$2" "$1"',
    "sh",
    history,
    String(historyLimit - 1),
  ];
  const former = await session.exec({ argv, timeoutMs: 20_000, maxBytes: 20_000_000 });
  const text = former.stdout.toString("utf8");
  const kept = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  await session.put({
    path: history,
    content: Buffer.from(`${kept}${JSON.stringify(outcome)}\n`),
    mode: "0600",
  });
}
