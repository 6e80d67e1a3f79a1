import { registryNamed } from "../lib/image-name.ts";
import type { RegistryLogin } from "../model/documents.ts";
import type { Report } from "./findings.ts";
import { resolve } from "./resolve.ts";
import type { Secrets } from "./secrets.ts";
import type { Settings } from "./settings.ts";

/** The logins that slipway.yaml has for registries, by host. */
export function loginsOf(
  { fields, at }: Settings,
  secrets: Secrets,
  report: Report,
): ReadonlyMap<string, RegistryLogin> {
  const logins = Object.entries(fields.registries ?? {}).flatMap(([host, declared]) => {
    const { user, password: ref } = declared;
    if (ref === undefined) return [];
    const where = at(["registries", host, "password"]);
    const password = resolve([ref], where, { secrets, report }).get(ref);
    return password === undefined || user === undefined
      ? []
      : [[registryNamed(host), { user, password }] as const];
  });
  return new Map(logins.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
