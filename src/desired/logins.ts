import { registryOf } from "../lib/image-name.ts";
import type { Documents } from "../model/documents.ts";
import type { PullLogin } from "../model/registry.ts";

/** HEAD's, also of an app that returns: what it says of the secret is its name and no more. */
export function loginFor(reference: string, { logins }: Documents): PullLogin | undefined {
  const registry = registryOf(reference);
  const login = logins.get(registry);
  if (login === undefined) return undefined;
  const { name, id } = login.password;
  return { registry, user: login.user, password: { name, id } };
}
