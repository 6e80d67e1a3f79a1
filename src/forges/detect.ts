import type { Forge, ForgeKind } from "./forge.ts";
import { createGithub } from "./github.ts";

/** `forge:` of slipway.yaml. */
export interface ForgeSetting {
  readonly kind?: string;
  readonly repository?: string;
  readonly api?: string;
}

export interface ForgePlace {
  readonly kind: ForgeKind;
  readonly repository: string;
  readonly api: string;
}

/** Where the statuses go, or why there is nowhere to send them. */
export type Detected = { readonly place: ForgePlace } | { readonly why: string };

/**
 * The forge that a remote stands on: from `forge:`, and for what is left out there from the remote's URL. `allowed` is the
 * API that the operator lets the token be sent to, whatever the repo says.
 */
export function detectForge(
  remote: string,
  setting: ForgeSetting = {},
  allowed?: string,
): Detected {
  const from = placeOfRemote(remote);
  const kind = setting.kind ?? from?.kind;
  if (kind === undefined)
    return { why: "the remote stands on no forge that Slipway knows; name it in `forge:`" };
  if (kind !== "github") return { why: `statuses on ${kind} are not yet supported` };
  const repository = setting.repository ?? from?.path;
  if (repository === undefined)
    return { why: "the remote does not tell the repository; name it in `forge.repository`" };
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    return { why: "`forge.repository` is not of the form owner/name" };
  const declared = setting.api === undefined ? undefined : addressOf(setting.api, "`forge.api`");
  if (declared !== undefined && "why" in declared) return declared;
  const given = allowed === undefined ? undefined : addressOf(allowed, "SLIPWAY_FORGE_API");
  if (given !== undefined && "why" in given) return given;
  if (declared !== undefined && given !== undefined && declared.api !== given.api) {
    return {
      why: `\`forge.api\` is ${declared.api}, and SLIPWAY_FORGE_API allows the token to go to ${given.api} alone`,
    };
  }
  const api = given?.api ?? declared?.api ?? githubApi(from?.host ?? "github.com");
  return { place: { kind, repository, api } };
}

/** As it is compared and called: without a slash at its end, a query or a login. */
function addressOf(api: string, name: string): { readonly api: string } | { readonly why: string } {
  const url = URL.parse(api);
  if (url === null || !/^https?:$/.test(url.protocol))
    return { why: `${name} is not an http(s) URL` };
  if (url.protocol === "http:" && isPublic(url.hostname)) {
    return {
      why: `${name} is plain http to a public host: the token would be readable on the way`,
    };
  }
  return { api: `${url.origin}${url.pathname.replace(/\/+$/, "")}` };
}

/** Opens what was detected. Throws ForgeError `denied` for a token that cannot be one. */
export const openForge = (
  place: ForgePlace,
  token: string,
  options?: { readonly fetch?: typeof fetch },
): Forge => createGithub({ repository: place.repository, api: place.api, token, ...options });

interface RemotePlace {
  readonly host: string;
  readonly path: string;
  readonly kind: ForgeKind | undefined;
}

/** Of `https://host/path`, `ssh://git@host:port/path` and `git@host:path`; a local path has no place. */
function placeOfRemote(remote: string): RemotePlace | undefined {
  const short = /^(?:[^@/\s]+@)?([\w.-]+):(?!\/\/)([^\s]+)$/.exec(remote);
  const url = short === null ? URL.parse(remote) : URL.parse(`ssh://${short[1]}/${short[2]}`);
  if (url === null || url.hostname === "" || !/^(?:https?|ssh|git):$/.test(url.protocol))
    return undefined;
  const path = url.pathname.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  const host = url.hostname.toLowerCase();
  return { host, path, kind: kindOfHost(host) };
}

function kindOfHost(host: string): ForgeKind | undefined {
  if (host === "github.com" || host === "ssh.github.com" || host.endsWith(".ghe.com"))
    return "github";
  if (host === "gitlab.com") return "gitlab";
  if (host === "codeberg.org") return "forgejo";
  if (host === "bitbucket.org") return "bitbucket";
  return undefined;
}

function githubApi(host: string): string {
  if (host === "github.com" || host === "ssh.github.com") return "https://api.github.com";
  return host.endsWith(".ghe.com") ? `https://api.${host}` : `https://${host}/api/v3`;
}

/** Whether the way there leads over the open net: not loopback, a private range, or a name that only a local network knows. */
function isPublic(hostname: string): boolean {
  if (
    /^(?:127|10)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(
      hostname,
    )
  ) {
    return /[a-z]/.test(hostname);
  }
  if (hostname.startsWith("[")) return !/^\[(?:::1|f[cd][0-9a-f]{2}:.*)\]$/.test(hostname);
  return (
    hostname.includes(".") && !/\.(?:localhost|local|internal|lan|test|home\.arpa)$/.test(hostname)
  );
}
