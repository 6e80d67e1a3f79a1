import { systemClock } from "../lib/clock.ts";
import type { Issuer } from "../model/issuer.ts";
import { httpsExchange } from "./exchange.ts";
import { createIssuer, type IssuerTools } from "./issuer.ts";

/** `ca`: roots in PEM that are trusted besides the usual ones. */
export const openIssuer = ({
  ca,
  ...tools
}: Pick<IssuerTools, "accounts" | "dnsCommand" | "env"> & { readonly ca?: string }): Issuer =>
  createIssuer({ ...tools, clock: systemClock, exchange: httpsExchange(ca) });
