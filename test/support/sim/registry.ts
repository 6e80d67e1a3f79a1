import { digestOf } from "../../../src/lib/hash.ts";
import type { SimContainer, SimFile, SimImage } from "./engine.ts";

/** How what runs from an image fares. */
export type Nature =
  /** Healthy soon. */
  | "good"
  /** Healthy after a while, in time. */
  | "slow"
  /** Runs, and never answers. */
  | "sick"
  /** Ends soon after each start. */
  | "exits"
  /** Minds no signal to stop. */
  | "stubborn"
  /** Its release fails. */
  | "bad-release"
  /** The registry has none. */
  | "missing";

/** What nothing runs well with that is told of its files. */
export const badFile = "env = 2\n";

const isBad = ({ source, read }: SimFile): boolean => source.includes(".live/") && read === badFile;

const bootMs: Readonly<Record<Nature, number>> = {
  good: 700,
  slow: 20_000,
  stubborn: 900,
  "bad-release": 500,
  sick: Number.POSITIVE_INFINITY,
  exits: Number.POSITIVE_INFINITY,
  missing: 0,
};
const exitMs = 150;
const releaseMs = 3_000;
const leaveMs = 3_000;

/** `registry.example.com/shop:3-good`: the tag says how it fares. */
export const imageText = (app: string, version: number, nature: Nature): string =>
  `registry.example.com/${app}:${version}-${nature}`;

export const proxyImage = "haproxy:lts";

const natureOf = (text: string): Nature =>
  (/:\d+-([a-z-]+)$/.exec(text)?.[1] ?? "missing") as Nature;

export const referenceOf = (text: string): string =>
  `${text.slice(0, text.lastIndexOf(":"))}@sha256:${digestOf(text)}`;

/** The images that there are. */
export class SimRegistry {
  private readonly images = new Map<string, SimImage>();
  /** Does not answer. */
  isDown = false;

  push(text: string): void {
    if (text !== proxyImage && natureOf(text) === "missing") return;
    const reference = referenceOf(text);
    const id = `sha256:${digestOf(reference)}`;
    this.images.set(text, { id, digests: [reference], tags: [text], config: {} });
  }

  /** By tag or by digest. */
  find(wanted: string): SimImage | undefined {
    return this.images.get(wanted) ?? this.images.values().find((i) => i.digests.includes(wanted));
  }
}

const labelOf = (container: SimContainer, name: string): string | undefined =>
  (container.body["Labels"] as Record<string, string> | undefined)?.[name];

const isRelease = (container: SimContainer): boolean =>
  labelOf(container, "slipway.release") !== undefined;

const natureIn = (container: SimContainer): Nature => natureOf(container.image.tags[0] ?? "");

/** What has become of a container by now, since it was started. */
export function live(container: SimContainer, nowMs: number): void {
  if (container.status !== "running" && container.status !== "restarting") return;
  const { leavingMs } = container;
  if (leavingMs !== undefined && nowMs - leavingMs >= leaveMs) {
    container.status = "exited";
    return;
  }
  if (container.proxy !== undefined) return;
  const forMs = nowMs - Date.parse(container.startedAt);
  const nature = natureIn(container);
  if (isRelease(container)) {
    if (forMs < releaseMs) return;
    container.status = "exited";
    container.exitCode = nature === "bad-release" ? 3 : 0;
  } else if (nature === "exits" && forMs >= exitMs) {
    const policy = (container.host["RestartPolicy"] as { Name?: string } | undefined)?.Name;
    container.exitCode = 1;
    container.restarts =
      policy === "no" ? 0 : Math.min(20, Math.floor(Math.log2(forMs / exitMs)) + 1);
    container.status = policy === "no" ? "exited" : "restarting";
  }
}

export const isHealthy = (container: SimContainer, nowMs: number): boolean =>
  container.status === "running" &&
  !(container.files ?? []).some(isBad) &&
  nowMs - Date.parse(container.startedAt) >= bootMs[natureIn(container)];

/** How long it takes to stop, where the engine would kill it after so long. */
export const stopMs = (container: SimContainer, graceMs: number): number =>
  natureIn(container) === "stubborn" ? graceMs : Math.min(graceMs, 200);
