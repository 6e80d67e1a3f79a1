import { insideProxy } from "../../../../model/paths.ts";

/** Where a proxy finds its files and listens, as its own container sees it. */
export interface ProxySite {
  /** Configuration, maps, pages and certificates. */
  readonly etc: string;
  /** The socket of the runtime API. */
  readonly run: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

export const standardSite: ProxySite = {
  ...insideProxy,
  httpPort: 80,
  httpsPort: 443,
};

/** Asks another machine's proxy by this whether anybody serves there. */
export const probePath = "/.well-known/slipway/up";

/** Says to another machine's proxy which pool is meant. */
export const poolHeader = "X-Slipway-Pool";

/** A response under way may pause so long where its route says nothing else. */
export const usualPause = "10m";

/** Streams of events and WebSockets may be silent so long; that their peer is gone is told by TCP. */
export const longPause = "24h";
