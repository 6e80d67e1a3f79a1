import type { AppFields } from "../generated/app.ts";
import type { ContainerSpec, Proxied } from "../kinds/index.ts";
import { milliseconds, percent } from "./units.ts";

/** One on the host's network is where it always is. */
export function proxiedBy(
  fields: AppFields,
  pools: Proxied["pools"],
): Pick<ContainerSpec, "proxied"> {
  if (pools.length === 0 || fields.network === "host") return {};
  const { drain = "30s", maxErrors = "5%", canary } = fields.deploy ?? {};
  const { requests, streams } =
    typeof drain === "object" ? drain : { requests: drain, streams: drain };
  const drainMs = milliseconds(requests ?? "30s");
  return {
    proxied: {
      pools,
      drainMs,
      streamsMs: Math.max(drainMs, milliseconds(streams ?? requests ?? "30s")),
      maxErrors: percent(maxErrors) / 100,
      ...(canary === undefined ? {} : { canary: canaryOf(canary, maxErrors) }),
    },
  };
}

type Deploy = NonNullable<AppFields["deploy"]>;

function canaryOf(
  canary: NonNullable<Deploy["canary"]>,
  usualErrors: string,
): NonNullable<Proxied["canary"]> {
  const declared = typeof canary === "string" ? { share: canary } : canary;
  const { share, for: window = "60s", maxErrors = usualErrors, maxLatency } = declared;
  return {
    share: Math.round(percent(share)),
    forMs: milliseconds(window),
    maxErrors: percent(maxErrors) / 100,
    ...(maxLatency === undefined ? {} : { maxLatencyMs: milliseconds(maxLatency) }),
  };
}
