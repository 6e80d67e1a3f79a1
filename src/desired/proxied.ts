import type { AppFields } from "../generated/app.ts";
import type { ContainerSpec, Proxied } from "../kinds/index.ts";
import { milliseconds, percent } from "./units.ts";

/** How it is watched, and served by the proxy; one on the host's network is where it always is. */
export function proxiedBy(
  fields: AppFields,
  pools: Proxied["pools"],
): Pick<ContainerSpec, "proxied" | "watchMs"> {
  const isProxied = pools.length > 0 && fields.network !== "host";
  const { watchMs, warmMs } = watchOf(fields, isProxied);
  if (!isProxied) return { watchMs };
  const { drain = "30s", maxErrors = "5%", canary } = fields.deploy ?? {};
  const { requests, streams } =
    typeof drain === "object" ? drain : { requests: drain, streams: drain };
  const drainMs = milliseconds(requests ?? "30s");
  return {
    watchMs,
    proxied: {
      pools,
      warmMs: Math.min(warmMs, watchMs),
      drainMs,
      streamsMs: Math.max(drainMs, milliseconds(streams ?? requests ?? "30s")),
      maxErrors: percent(maxErrors) / 100,
      ...(canary === undefined ? {} : { canary: canaryOf(canary, maxErrors) }),
    },
  };
}

/** What users meet goes on being watched for longer than it takes to start. */
function watchOf({ deploy }: AppFields, isProxied: boolean): Watch {
  const declared = deploy?.watch;
  const { for: whole = isProxied ? "30s" : "3s", warm = "3s" } =
    typeof declared === "string" ? { for: declared } : (declared ?? {});
  return { watchMs: milliseconds(whole), warmMs: milliseconds(warm) };
}

interface Watch {
  readonly watchMs: number;
  readonly warmMs: number;
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
