import { optionalString } from "../kinds/index.ts";
import type { Json } from "../lib/json.ts";

/** A container that somebody made by hand, with its image where that is still there: as the engine inspects them. */
export interface Found {
  readonly inspect: Json;
  readonly image: Json | undefined;
}

export const nameOf = ({ inspect }: Found): string =>
  (optionalString(inspect, "Name") ?? "").replace(/^\//, "");

const labelOf = ({ inspect }: Found, name: string): string | undefined =>
  optionalString(inspect, "Config", "Labels", name);

/** What Compose calls it. */
export function composeOf(
  found: Found,
): { readonly project: string; readonly service: string; readonly number: number } | undefined {
  const project = labelOf(found, "com.docker.compose.project");
  const service = labelOf(found, "com.docker.compose.service");
  if (!project || !service) return undefined;
  const number = Number(labelOf(found, "com.docker.compose.container-number") ?? "1");
  return { project, service, number: Number.isSafeInteger(number) ? number : 1 };
}
