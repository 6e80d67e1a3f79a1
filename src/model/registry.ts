import { registryOf } from "../lib/image-name.ts";
import type { Sealed } from "./sealed.ts";

/** A login that is sent with each pull. */
export interface PullLogin {
  /** The host as image names have it: `ghcr.io`, `docker.io`. */
  readonly registry: string;
  readonly user: string;
  readonly password: Sealed;
}

/** Words of engines for a registry that wants a login, or another one. A file that may not be read is none. */
const refused =
  /no basic auth credentials|unauthorized|authentication required|authorization failed|\b403\b|(?<!permission )\bdenied\b/i;

/** What an engine said of an image, and what to do about it where the registry refuses. */
export function registrySaid(
  image: string,
  {
    status,
    said,
    hasLogin,
  }: { readonly status: number; readonly said: string; readonly hasLogin: boolean },
): string {
  if (status !== 401 && status !== 403 && !refused.test(said)) return said;
  const registry = registryOf(image);
  return hasLogin
    ? `${said}; ${registry} refuses the login that slipway.yaml has for it in 'registries'`
    : `${said}; slipway.yaml has no login for ${registry} in 'registries'`;
}
