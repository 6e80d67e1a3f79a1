import { proxy } from "../../src/kinds/machine/proxy.ts";
import type { ProxyState } from "../../src/kinds/machine/proxy/state.ts";
import type { ProxySpec } from "../../src/kinds/shared/proxy/spec.ts";
import { converge, find } from "./converge.ts";
import { EngineSim } from "./engine-sim.ts";
import { emptyProxy, poolOf, routeOf } from "./proxy-specs.ts";

/** One app on one machine. */
export const plainProxy: ProxySpec = {
  ...emptyProxy,
  routes: [routeOf("shop.example.com", { pool: "shop" })],
  pools: [poolOf("shop")],
};

/** What is there once this was applied. */
export function proxyAfter(spec: ProxySpec): ProxyState | undefined {
  const sim = new EngineSim();
  const image = { id: "sha256:aa", digests: [spec.reference], tags: [], config: {} };
  sim.registry.set(spec.reference, image);
  converge(proxy, sim, spec);
  return find(proxy, sim, "");
}
