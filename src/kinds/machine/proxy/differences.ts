import { counted, listed } from "../../../lib/text.ts";
import type { Field } from "../../../model/change.ts";
import { optional } from "../../shared/optional.ts";
import type { MapName } from "../../shared/proxy/maps.ts";
import type { ProxyState } from "./state.ts";
import type { Wanted } from "./wanted.ts";

type Told = Pick<Wanted, "maps" | "files" | "changed">;
type Found = Pick<ProxyState, "files" | "runtime"> | undefined;

/** So many entries are told one by one. */
const mostEntries = 20;

/** Maps that say what people declare; the others follow from them, or say by which backend. */
const told: readonly MapName[] = [
  "routes.map",
  "redirects.map",
  "maintenance.map",
  "tls.map",
  "bodies.map",
  "rates.map",
  "sticky.map",
  "strips.map",
  "timeouts.map",
  "names.map",
  "peers.map",
  "trust.map",
];

/** What differs: entry by entry where a proxy runs that tells them, else by file. */
export function proxyFields(wanted: Told, have: Found): readonly Field[] {
  const entries = told.flatMap((name) => entryFields(name, wanted, have));
  const shown = entries.slice(0, mostEntries);
  const more = entries.length - shown.length;
  if (more > 0) return [...shown, { path: "maps", declared: `${more} more differ` }];
  return shown.length > 0 ? shown : wanted.changed.map((name) => fileField(name, wanted, have));
}

function entryFields(name: MapName, { maps }: Told, have: Found): readonly Field[] {
  const [wanted, live] = [maps[name], have?.runtime?.maps[name]];
  if (wanted === undefined || live === undefined) return [];
  return [...new Set([...wanted.keys(), ...Object.keys(live)])]
    .filter((key) => isForPeople(name, key) && wanted.get(key) !== live[key])
    .toSorted()
    .map((key) => ({
      path: `${topicOf(name)}.${key}`,
      ...optional("declared", wanted.get(key)),
      ...optional("live", live[key]),
    }));
}

/** Of names those that people use. */
const isForPeople = (map: MapName, key: string): boolean =>
  map !== "names.map" || /^\d+\/[^.]+$/.test(key);

const topicOf = (map: MapName): string => map.replace(/\.map$/, "");

/** What is in a file is told by its length, as sums say nothing to people. */
const fileField = (name: string, { files }: Told, have: Found): Field => ({
  path: name,
  declared: counted((files.get(name) ?? "").split("\n").length - 1, "line"),
  ...optional("live", have?.files[name] === undefined ? undefined : "other lines"),
});

/** `wiki.example.com comes; shop.example.com/old goes`, or what else there is to say of it. */
export function proxyText(wanted: Told, have: Found): string {
  const live = have?.runtime?.maps["hosts.map"];
  const hosts = wanted.maps["hosts.map"];
  const shown = (key: string): string => key.replace(/\/$/, "");
  const come = [...(hosts?.keys() ?? [])].filter(
    (key) => live !== undefined && !Object.hasOwn(live, key),
  );
  const go = Object.keys(live ?? {}).filter((key) => !hosts.has(key));
  const moves = [
    ...(come.length === 0 ? [] : [`${listed(come.map(shown))} ${verb("come", come)}`]),
    ...(go.length === 0 ? [] : [`${listed(go.map(shown))} ${go.length === 1 ? "goes" : "go"}`]),
  ];
  if (moves.length > 0) return moves.join("; ");
  const topics = told.filter((name) => entryFields(name, wanted, have).length > 0).map(topicOf);
  if (topics.length > 0) return `other ${listed(topics)}`;
  const { changed } = wanted;
  return `${listed(changed)} ${changed.length === 1 ? "is" : "are"} not as declared`;
}

const verb = (word: string, of: readonly string[]): string => (of.length === 1 ? `${word}s` : word);
