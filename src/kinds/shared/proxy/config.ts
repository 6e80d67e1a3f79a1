import { backendsText } from "./config/backends.ts";
import { globalText, headText } from "./config/global.ts";
import { listensText } from "./config/listens.ts";
import { routesText } from "./config/routes.ts";
import { standardSite, type ProxySite } from "./config/site.ts";
import type { Layout } from "./layout.ts";
import { placeMembers, type Slot } from "./slots.ts";
import type { ProxySpec } from "./spec.ts";

/** The whole of haproxy.cfg. Of the spec only the fleet's name and who serves in which slot are in it. */
export const renderConfig = (
  spec: ProxySpec,
  layout: Layout,
  slots: readonly Slot[] = placeMembers(spec, layout),
  site: ProxySite = standardSite,
): string =>
  [
    headText(spec),
    globalText(site),
    routesText(layout, site),
    listensText(layout, site),
    backendsText(layout, slots, site),
  ].join("");

/** Without who serves: what only another container changes. */
export const fixedText = (config: string): string =>
  config.replaceAll(/^( {2}server \S+) .*$/gm, "$1");
