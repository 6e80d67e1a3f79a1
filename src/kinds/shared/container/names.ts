/** What a container's name says of its part; names are the one thing of a container that can change. */
export type Role =
  /** Proven, and in service: `acme-shop-1-3f2a91c0`. */
  | "current"
  /** Started or about to be, not yet proven: `acme-shop-1-new`. */
  | "new"
  /** Kept stopped for an instant return: `acme-shop-1-prev`. */
  | "previous"
  /** Kept stopped as evidence: `acme-shop-1-failed`. */
  | "failed"
  /** Named otherwise: by hand, or moved out of the way. */
  | "stray";

export interface InstanceNames {
  readonly current: string;
  readonly fresh: string;
  readonly previous: string;
  readonly failed: string;
  /** Out of the way of the others, for the container with this id. */
  stray(id: string): string;
}

export function instanceNames(
  fleet: string,
  app: string,
  instance: number,
  short: string,
): InstanceNames {
  const base = `${fleet}-${app}-${instance}`;
  return {
    current: `${base}-${short}`,
    fresh: `${base}-new`,
    previous: `${base}-prev`,
    failed: `${base}-failed`,
    stray: (id) => `${base}-old-${id.slice(0, 8)}`,
  };
}

export interface ParsedName {
  readonly app: string;
  readonly instance: number;
  readonly role: Role;
}

const pattern = /^([a-z0-9-]+?)-(\d+)-([0-9a-f]{8}|new|prev|failed|old-[0-9a-f]{8})$/;
const roles: Readonly<Record<string, Role>> = { new: "new", prev: "previous", failed: "failed" };

/** Undefined for a name that none of ours has. */
export function parseName(fleet: string, name: string): ParsedName | undefined {
  if (!name.startsWith(`${fleet}-`)) return undefined;
  const [, app, instance, suffix = ""] = pattern.exec(name.slice(fleet.length + 1)) ?? [];
  if (app === undefined || instance === undefined) return undefined;
  const role = roles[suffix] ?? (suffix.startsWith("old-") ? "stray" : "current");
  return { app, instance: Number(instance), role };
}
