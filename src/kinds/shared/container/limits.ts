import type { Json } from "../../../lib/json.ts";
import { formatSize } from "../../../lib/size.ts";
import { optional } from "../optional.ts";
import { optionalNumber } from "../reader.ts";
import type { Limits } from "./spec.ts";

/** CPU time is limited by quota, as the engine cannot take a NanoCpus limit away in place. */
const cpuPeriod = 100_000;
/** The engine takes 0 for 'no change'; this much is no limit. */
const unlimitedMemory = 2 ** 60;
const usualShares = 1024;
const kernelWithoutSwap = -1;

/** Limits always said the same way: what the engine does anyway is left out. */
function normalLimits(limits: Limits): Limits {
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, cpus, cpuShares, pids } = limits;
  const memory = within(memoryBytes, unlimitedMemory);
  const swap = memory === undefined || memorySwapBytes === memory * 2 ? undefined : memorySwapBytes;
  return {
    ...optional("memoryBytes", memory),
    ...optional(
      "memoryReservationBytes",
      within(memoryReservationBytes, memory ?? unlimitedMemory),
    ),
    ...optional("memorySwapBytes", swap),
    ...optional("cpus", cpus === undefined ? undefined : Math.round(cpus * cpuPeriod) / cpuPeriod),
    ...optional("cpuShares", cpuShares === usualShares ? undefined : cpuShares),
    ...optional("pids", pids),
  };
}

const within = (value: number | undefined, bound: number): number | undefined =>
  value !== undefined && value < bound ? value : undefined;

/** Limits as the engine has them: not yet in the form in which they are compared. */
export function readLimits(inspect: Json): Limits {
  const positive = (key: string): number | undefined => {
    const value = optionalNumber(inspect, "HostConfig", key) ?? 0;
    return value > 0 ? value : undefined;
  };
  const nano = positive("NanoCpus");
  const quota = positive("CpuQuota");
  const swap = optionalNumber(inspect, "HostConfig", "MemorySwap") ?? 0;
  const cpus =
    nano === undefined
      ? quota && quota / (positive("CpuPeriod") ?? cpuPeriod)
      : nano / 1_000_000_000;
  return {
    ...optional("memoryBytes", within(positive("Memory"), unlimitedMemory)),
    ...optional("memoryReservationBytes", positive("MemoryReservation")),
    ...optional("memorySwapBytes", swap === 0 ? undefined : swap),
    ...optional("cpus", cpus),
    ...optional("cpuShares", positive("CpuShares")),
    ...optional("pids", positive("PidsLimit")),
  };
}

/** Limits as the engine takes them, at creation or for a change in place from what it `had`. */
export function limitsBody(limits: Limits, had: Limits = {}) {
  const { memoryReservationBytes: reservation, cpuShares, pids } = normalLimits(limits);
  return {
    ...memoryBody(limits, had),
    ...(reservation === undefined
      ? had.memoryReservationBytes && {
          MemoryReservation: limits.memoryBytes ?? unlimitedMemory,
        }
      : { MemoryReservation: reservation }),
    ...cpuBody(limits, had),
    ...(cpuShares === undefined
      ? had.cpuShares && { CpuShares: usualShares }
      : { CpuShares: cpuShares }),
    ...(pids === undefined ? had.pids && { PidsLimit: -1 } : { PidsLimit: pids }),
  };
}

/**
 * Swap must be said with the memory: a change in place is refused where it would be below, and -1 is not
 * passed on by an engine that changes it in place.
 */
function memoryBody({ memoryBytes, memorySwapBytes }: Limits, had: Limits) {
  if (memoryBytes !== undefined)
    return { Memory: memoryBytes, MemorySwap: memorySwapBytes ?? memoryBytes * 2 };
  return had.memoryBytes === undefined
    ? {}
    : { Memory: unlimitedMemory, MemorySwap: unlimitedMemory * 2 };
}

function cpuBody({ cpus }: Limits, had: Limits) {
  if (cpus !== undefined) return { CpuPeriod: cpuPeriod, CpuQuota: Math.round(cpus * cpuPeriod) };
  return had.cpus === undefined ? {} : { CpuQuota: -1 };
}

const names = {
  memoryBytes: "memory",
  memoryReservationBytes: "memoryReservation",
  memorySwapBytes: "memorySwap",
  cpus: "cpus",
  cpuShares: "cpuShares",
  pids: "pids",
} as const;

export interface LimitDifference {
  /** As it stands in `resources`. */
  readonly name: string;
  readonly declared?: number | string;
  readonly live?: number | string;
}

const readable = (
  key: keyof typeof names,
  value: number | undefined,
): number | string | undefined =>
  value !== undefined && key.endsWith("Bytes") && value > 0 ? formatSize(value) : value;

export function limitDifferences(declared: Limits, had: Limits): readonly LimitDifference[] {
  const wanted = normalLimits(declared);
  const live = normalLimits(had);
  const keys = Object.keys(names) as (keyof typeof names)[];
  return keys
    .filter((key) => wanted[key] !== live[key])
    .filter((key) => key !== "memorySwapBytes" || live[key] !== kernelWithoutSwap)
    .map((key) => ({
      name: names[key],
      ...optional("declared", readable(key, wanted[key])),
      ...optional("live", readable(key, live[key])),
    }));
}
