import { bareSystems, type BareOs } from "../fleet/distributions.ts";

/** What bare machines run is Debian 12, as making another takes a while; `SLIPWAY_OS=debian-13,ubuntu-24.04` asks for others. */
export function systemsAsked(): readonly BareOs[] {
  const names = (process.env["SLIPWAY_OS"] ?? "").split(",").filter(Boolean);
  const unknown = names.filter((name) => !bareSystems.some((one) => one === name));
  if (unknown.length > 0)
    throw new Error(`SLIPWAY_OS: no ${unknown.join(", ")}; there are ${bareSystems.join(", ")}`);
  return bareSystems.filter((one) => names.includes(one));
}
