import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isScpLike, withoutCredentials } from "../lib/address.ts";
import { SourceError } from "./source.ts";

/** Where the infra repo is. */
export type Location =
  | { readonly kind: "path"; readonly path: string }
  | {
      readonly kind: "http";
      readonly url: string;
      readonly user?: string;
      readonly password?: string;
    };

export function parseLocation(repo: string): Location {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(repo)?.[1]?.toLowerCase();
  if (scheme === "http" || scheme === "https") return parseUrl(repo);
  if (scheme === "file") return { kind: "path", path: fileURLToPath(repo) };
  if (scheme !== undefined || isScpLike(repo)) {
    throw new SourceError(
      "unsupported",
      `${withoutCredentials(repo)}: a repository is a local path or an http(s) URL; use its https:// address with a token`,
    );
  }
  return { kind: "path", path: resolve(repo) };
}

function parseUrl(repo: string): Location {
  if (!URL.canParse(repo))
    throw new SourceError("unsupported", `${withoutCredentials(repo)} is not a URL`);
  const { username, password } = new URL(repo);
  return {
    kind: "http",
    url: withoutCredentials(repo),
    ...(username === "" ? {} : { user: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
  };
}

/** The name of what is kept about a repository's branch in the state folder. */
export const storageKey = (location: string, branch: string): string =>
  createHash("sha256").update(`${location}\0${branch}`).digest("hex").slice(0, 24);
