import { digestOf, digestOfLines, shortHash } from "../../../lib/hash.ts";
import { fixedText, renderConfig } from "../../shared/proxy/config.ts";
import { certifiedHosts, renderCrtList } from "../../shared/proxy/crt-list.ts";
import { layoutFor, type Layout } from "../../shared/proxy/layout.ts";
import { mapEntries, renderMaps, type MapEntries, type MapName } from "../../shared/proxy/maps.ts";
import { addressText } from "../../shared/proxy/naming.ts";
import { renderPages } from "../../shared/proxy/pages.ts";
import { placeMembers, slotName, type Occupied, type Slot } from "../../shared/proxy/slots.ts";
import type { ProxySpec } from "../../shared/proxy/spec.ts";
import { linesOf, type ImageMeaning, type ProxyRuntime, type ProxyState } from "./state.ts";

/** What there is to be of a proxy, given what there is: its files, and who stands in which slot. */
export interface Wanted {
  readonly layout: Layout;
  /** By name: `haproxy.cfg` with its servers. */
  readonly files: ReadonlyMap<string, string>;
  /** Names of those that are not as they should be, in order. */
  readonly changed: readonly string[];
  readonly slots: readonly Slot[];
  readonly maps: Readonly<Record<MapName, MapEntries>>;
  /** Hosts that it shows a certificate for. */
  readonly certified: readonly string[];
  /** Of what a container is made from: another one needs a new container. */
  readonly containerSpec: string;
  /** What that container is called. */
  readonly container: string;
}

export function wantedOf(spec: ProxySpec, have: ProxyState | undefined): Wanted {
  const layout = layoutFor(spec, have?.layout);
  const slots = placeMembers(spec, layout, slotsInUse(have));
  const config = renderConfig(spec, layout, slots);
  const pages = renderPages();
  const certified = certifiedHosts(spec);
  const maps = mapEntries(spec, layout, slots);
  const containerSpec = digestOf({ image: spec.reference, config: fixedText(config), pages });
  const files = new Map([
    ["haproxy.cfg", config],
    ["crt-list", renderCrtList(certified)],
    ["layout.json", `${JSON.stringify({ ...layout, ...meaningOf(spec) })}\n`],
    ...Object.entries(renderMaps(maps)),
    ...Object.entries(pages),
  ]);
  return {
    layout,
    files,
    changed: [...files]
      .filter(([name, text]) => !isAsWritten(name, text, have))
      .map(([name]) => name)
      .toSorted(),
    slots,
    maps,
    certified,
    containerSpec,
    container: `slipway-${spec.fleet}-proxy-${shortHash(containerSpec)}`,
  };
}

/** So that its name means the same again, on other machines too. */
const meaningOf = ({ image, reference }: ProxySpec): { readonly image?: ImageMeaning } =>
  image === reference ? {} : { image: { text: image, reference } };

/** As it runs, and where it does not as it would be started. */
export function slotsInUse(have: ProxyState | undefined): Occupied {
  if (have?.runtime !== undefined) return servingIn(have.runtime);
  const lines = Object.entries(have?.lines ?? {});
  return new Map(
    lines.flatMap(([slot, rest]) => {
      const [address = "", ...words] = rest.split(" ");
      return words.includes("disabled") ? [] : [[slot, address] as const];
    }),
  );
}

export const servingIn = ({ servers }: ProxyRuntime): Occupied =>
  new Map(
    servers
      .filter(({ ready }) => ready)
      .map(({ backend, slot, address, port }) => [
        slotName({ backend, server: slot }),
        addressText(address, port),
      ]),
  );

/** Lines of servers count by what they say, as a rollout rewrites them; the rest by its sum. */
function isAsWritten(name: string, text: string, have: ProxyState | undefined): boolean {
  const sum = have?.files[name];
  if (name !== "haproxy.cfg") return sum === digestOfLines(allOf(text));
  const { fixed, servers } = linesOf(text);
  return (
    sum === digestOfLines(fixed) && [...servers].every(([slot, rest]) => have?.lines[slot] === rest)
  );
}

const allOf = (text: string): readonly string[] =>
  text === "" ? [] : text.replace(/\n$/, "").split("\n");
