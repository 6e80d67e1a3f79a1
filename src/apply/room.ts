import { isObject, type Json } from "../lib/json.ts";
import type { RoomStep } from "../model/step.ts";
import type { Session } from "../remote/session.ts";
import { StepFailure } from "./failure.ts";
import { engineCallMs } from "./seen.ts";

/** What is available now, in KiB: memory, then the disk that the folder is on. */
const roomScript = `
available= free=0
while read -r name size rest; do
  case $name in
    MemFree:) free=$size ;;
    MemAvailable:) available=$size; break ;;
  esac
done </proc/meminfo
folder=$1
set -- $(LC_ALL=C df -Pk -- "$folder") || exit
shift 7
printf '%s %s\\n' "\${available:-$free}" "$4"
`;

/** Throws StepFailure `memory` or `disk` where a new container has no room. */
export async function checkRoom(session: Session, step: RoomStep): Promise<void> {
  const { beside, diskBytes } = step;
  const [available, usedBytes] = await Promise.all([
    availableOn(session, step.folder),
    beside === undefined ? 0 : memoryUsed(session, beside.container),
  ]);
  if (available.diskBytes < diskBytes) {
    throw new StepFailure(
      "machine",
      `${inMegabytes(available.diskBytes)} of disk are left, ${inMegabytes(diskBytes)} are needed before a container moves`,
      { trouble: "disk" },
    );
  }
  if (beside === undefined) return;
  const { reservationBytes = 0, limitBytes = Number.POSITIVE_INFINITY } = beside;
  const needed = Math.max(reservationBytes, Math.min(limitBytes, usedBytes));
  if (available.memoryBytes >= needed) return;
  throw new StepFailure(
    "machine",
    `${inMegabytes(available.memoryBytes)} of memory are left, ${inMegabytes(needed)} are needed for a new container beside the old one (deploy.strategy: stop-first needs none)`,
    { trouble: "memory" },
  );
}

async function availableOn(
  session: Session,
  folder: string,
): Promise<{ readonly memoryBytes: number; readonly diskBytes: number }> {
  const argv = ["sh", "-c", roomScript, "sh", folder];
  const { code, stdout, stderr } = await session.exec({
    argv,
    timeoutMs: engineCallMs,
    maxBytes: 10_000,
  });
  const [memory = Number.NaN, disk = Number.NaN] = stdout
    .toString("utf8")
    .trim()
    .split(" ")
    .map(Number);
  if (code === 0 && Number.isFinite(memory) && Number.isFinite(disk))
    return { memoryBytes: memory * 1024, diskBytes: disk * 1024 };
  const said = stderr.toString("utf8").trim().slice(0, 200);
  throw new StepFailure("machine", `it does not tell how much room it has: ${said}`);
}

/** Without what the kernel can drop at once, as `docker stats` counts; 0 where the engine does not say. */
async function memoryUsed(session: Session, container: string): Promise<number> {
  const reply = await session.engine({
    method: "GET",
    path: `/containers/${encodeURIComponent(container)}/stats?stream=false&one-shot=true`,
    timeoutMs: engineCallMs,
  });
  const memory = isObject(reply.body) ? reply.body["memory_stats"] : undefined;
  if (!isObject(memory)) return 0;
  const details = isObject(memory["stats"]) ? memory["stats"] : {};
  const cache = numberOf(details["total_inactive_file"] ?? details["inactive_file"]);
  return Math.max(0, numberOf(memory["usage"]) - cache);
}

const numberOf = (value: Json | undefined): number => (typeof value === "number" ? value : 0);

const inMegabytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MB`;
