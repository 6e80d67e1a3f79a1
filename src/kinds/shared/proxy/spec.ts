import type { PullLogin } from "../../../model/registry.ts";
import type { Served } from "../../../model/served.ts";

/**
 * A machine's proxy: HAProxy in a container of ours with the host's network. What is here of who serves (`Member.address`)
 * is moved by the runtime API; what is more than that needs another layout, and hands the listeners over.
 */
export interface ProxySpec {
  readonly fleet: string;
  /** `haproxy:lts`, as declared. */
  readonly image: string;
  /** What that means: `haproxy@sha256:…`, or an image's id; the same text where nobody could say. */
  readonly reference: string;
  /** For pulling it; another one changes nothing that is there. */
  readonly login?: PullLogin;
  /** In order of host, then of path, the longest first. */
  readonly routes: readonly ProxyRoute[];
  readonly listens: readonly ProxyListen[];
  /** In order of name. */
  readonly pools: readonly ProxyPool[];
  /** CIDRs of load balancers in front: what they say of the client is believed. */
  readonly trust: readonly string[];
  /** Addresses of the fleet's machines, whose proxies hand requests on to this one's `listen` ports: believed there. */
  readonly peers: readonly string[];
}

/** One port of an app, and who serves it. */
export interface ProxyPool {
  /** `shop`, or `shop/ssh` for a port that is not the first. */
  readonly name: string;
  readonly app: string;
  readonly protocol: "http" | "tcp";
  /** In its container. */
  readonly port: number;
  /** Instances on this machine, in order of their numbers. */
  readonly local: readonly Member[];
  /** Proxies of other machines that have instances, by machine name: asked while none here answers. */
  readonly remote: readonly RemoteMember[];
  readonly check: PoolCheck;
  /** Whether some route wants its clients to stay with their instance. */
  readonly sticky: boolean;
  /** Whether some route wants answers compressed. */
  readonly gzip: boolean;
}

export interface Member {
  readonly instance: number;
  /** Undefined: nobody serves yet. */
  readonly address?: string;
  /** How it serves the pool: as it was made, whatever its app says by now. Absent: as the pool says. */
  readonly served?: Served;
}

export interface RemoteMember {
  readonly machine: string;
  readonly address: string;
  /** Its `listen` port there. */
  readonly port: number;
}

/** How the proxy asks a member for its health: by a path where the app declares one, else by connecting. */
export interface PoolCheck {
  readonly path?: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface ProxyRoute {
  /** Lower case, without a port; `*.example.com` for all below it. */
  readonly host: string;
  /** Begins with `/`: it and all below it, by whole segments. */
  readonly path: string;
  /** Absent where it only redirects. */
  readonly pool?: string;
  /** An absolute URL without its path: the request's path and query are kept. */
  readonly redirect?: string;
  /** `off`: plain HTTP only; else HTTP is sent to HTTPS. */
  readonly tls: "on" | "off";
  readonly stripPath: boolean;
  readonly maintenance: boolean;
  readonly gzip: boolean;
  readonly sticky: boolean;
  /** Largest request body. */
  readonly maxBodyBytes?: number;
  /** Until the app must have begun to answer. */
  readonly timeoutMs?: number;
  /** For each client's address. */
  readonly rate?: { readonly requests: number; readonly perMs: number };
}

/** A number under which the fleet reaches apps on this machine. */
export interface ProxyListen {
  readonly port: number;
  /** The private address, or loopback and the fleet's bridge. */
  readonly addresses: readonly string[];
  readonly protocol: "http" | "tcp";
  /** Several, told apart by the name that is asked for, only with http; the first answers to any other name. */
  readonly pools: readonly { readonly pool: string; readonly names: readonly string[] }[];
}
