import type { AppFields } from "../generated/app.ts";
import type { Where } from "./diagnostic.ts";
import { portCalled, type Port } from "./ports.ts";

type Declared = NonNullable<AppFields["routes"]>[number];

/** A route as declared, for one of its hosts and with what it leaves out. */
export interface Route {
  /** Lower case; `*.example.com` for all below it. */
  readonly host: string;
  /** Begins with `/`, and ends with one only where it is nothing else. */
  readonly path: string;
  /** Absent where it only redirects. */
  readonly port?: Port;
  /** Without a slash at its end. */
  readonly redirect?: string;
  readonly tls: "auto" | "off" | { readonly cert: string; readonly key: string };
  readonly stripPath: boolean;
  readonly maintenance: boolean;
  readonly gzip: boolean;
  readonly sticky: boolean;
  readonly maxBody?: string;
  readonly timeout?: string;
  readonly rate?: { readonly requests: number; readonly per: string };
}

/** A route, and on which machines what is to be done for it. */
export interface PlacedRoute extends Route {
  /** Whose proxies answer to it, sorted. */
  readonly on: readonly string[];
  /** Where the app has it and runs, sorted: who is asked. */
  readonly servedOn: readonly string[];
  /** Whether it stands on machines that were chosen for it, and not just where its app runs. */
  readonly chosen: boolean;
  readonly where: Where;
}

/** One for each host. The port is absent as well where the app has none of that name. */
export const routesOf = (fields: AppFields): readonly Route[] =>
  (fields.routes ?? []).flatMap((route) => routesFor(route, fields));

export function routesFor(declared: Declared, fields: AppFields): readonly Route[] {
  const { host, path = "/", port: name, redirect, tls = "auto", via: _, ...rest } = declared;
  const port = redirect === undefined ? portCalled(fields, name) : undefined;
  const { stripPath = false, maintenance = false, gzip = false, sticky = false, ...limits } = rest;
  return [...new Set([host].flat().map((one) => one.toLowerCase()))].map((one) => ({
    host: one,
    path: path === "/" ? path : path.replace(/\/$/, ""),
    ...(port === undefined ? {} : { port }),
    ...(redirect === undefined ? {} : { redirect: redirect.replace(/\/$/, "") }),
    tls: typeof tls === "object" ? tls : tls === "off" ? "off" : "auto",
    stripPath,
    maintenance,
    gzip,
    sticky,
    ...limits,
  }));
}

/** `https://shop.example.com/` */
export const urlOf = ({ tls, host, path }: Pick<Route, "tls" | "host" | "path">): string =>
  `${tls === "off" ? "http" : "https"}://${host}${path}`;

/** Whether a host is one, or below the one, that a route is for. */
export const isHostOf = (host: string, route: string): boolean =>
  route.startsWith("*.")
    ? host.endsWith(route.slice(1)) && host.length > route.length - 1
    : host === route;
