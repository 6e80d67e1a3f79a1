import type { ProxyServer } from "../../../lib/haproxy.ts";
import { parseMapEntries, parseServers } from "../../../lib/haproxy.ts";
import { isObject } from "../../../lib/json.ts";
import { parsedJson } from "../../../lib/lines.ts";
import { Unreadable } from "../../../model/live.ts";
import { insideProxy, proxyFolder, proxySocket } from "../../../model/paths.ts";
import type { Answers, ReadQuery, RunQuery, TalkQuery } from "../../../model/query.ts";
import type { About } from "../../kind.ts";
import { labelOf, nameOf } from "../../shared/container/live.ts";
import { containersQuery, imagesQuery } from "../../shared/engine.ts";
import { label } from "../../shared/labels.ts";
import { optional } from "../../shared/optional.ts";
import { crtList, parseCrtList } from "../../shared/proxy/crt-list.ts";
import { layoutVersion, type Layout } from "../../shared/proxy/layout.ts";
import { mapNames } from "../../shared/proxy/maps.ts";
import { isLeaving } from "./leaving.ts";
import { booleanAt, listAt, optionalString, stringAt, stringsAt } from "../../shared/reader.ts";

export interface ProxyState {
  /** Oldest first: the one that serves, and those that leave. */
  readonly containers: readonly ProxyContainer[];
  /** As its files were made for. */
  readonly layout?: Layout;
  /** What its image's name meant when its files were written. */
  readonly meaning?: ImageMeaning;
  /** sha256 of each file by its name; of the configuration without its lines of servers. */
  readonly files: Readonly<Record<string, string>>;
  /** Lines of servers in the configuration: `backend/slot` → the rest. */
  readonly lines: Readonly<Record<string, string>>;
  /** What runs; absent where nothing answers. */
  readonly runtime?: ProxyRuntime;
  /** Images on the machine, by their names with tag and with digest, and by id. */
  readonly images: readonly string[];
}

export interface ImageMeaning {
  readonly text: string;
  readonly reference: string;
}

export interface ProxyContainer {
  readonly id: string;
  readonly name: string;
  readonly spec: string;
  /** As it was declared. */
  readonly image: string;
  /** What it was made from. */
  readonly reference: string;
  readonly running: boolean;
  readonly restart: string;
  /** At the socket, where another one serves. */
  readonly answers?: true;
}

export interface ProxyRuntime {
  /** Spec of the container that says this. */
  readonly by?: string;
  readonly servers: readonly ProxyServer[];
  /** By name of their file: those that it looks up. */
  readonly maps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Files of certificates that it shows, as it names them. */
  readonly certificates: readonly string[];
}

export const layoutQuery = (root: string): ReadQuery => ({
  ask: "read",
  path: `${proxyFolder(root)}/layout.json`,
  maxBytes: 1024 * 1024,
});

/** Tells at the socket by which configuration it was started. */
export const specVariable = "SLIPWAY_PROXY";

/** Between the answers of two commands, which have no other sign of their end. */
const between = "show cli level";

export const runtimeQuery = (root: string): TalkQuery => ({
  ask: "talk",
  path: proxySocket(proxyFolder(root)),
  text: `${[
    "show servers state",
    `show ssl crt-list ${crtList}`,
    ...mapNames.map((name) => `show map ${insideProxy.etc}/${name}`),
    `show env ${specVariable}`,
  ].join(`;${between};`)}\n`,
  maxBytes: 8 * 1024 * 1024,
});

const script = `
cd -- "$1/proxy" || exit 1
for name in *; do
  case $name in *[!a-z0-9.-]* | haproxy.cfg | *.partial) continue ;; esac
  [ ! -f "$name" ] || printf 'file %s %s\\n' "$name" "$(sha256sum <"$name")" || exit 1
done
if [ -f haproxy.cfg ]; then
  printf 'file haproxy.cfg %s\\n' "$(grep -v '^  server [ir][0-9]' haproxy.cfg | sha256sum)" || exit 1
  awk '$1 == "backend" { backend = $2 }
    /^  server [ir][0-9]/ { sub(/^  server /, ""); print "server " backend "/" $0 }' haproxy.cfg || exit 1
fi
echo end
`;

export const filesQuery = (root: string): RunQuery => ({
  ask: "run",
  argv: ["sh", "-c", script, "sh", root],
  where: [proxyFolder(root)],
});

/** A machine without any of it has no key. */
export function readProxy(answers: Answers, about: About): ReadonlyMap<string, ProxyState> {
  const containers = answers
    .each(containersQuery)
    .filter(
      (inspect) =>
        labelOf(inspect, label.fleet) === about.fleet &&
        labelOf(inspect, label.proxy) !== undefined,
    )
    .map((inspect) => ({
      id: stringAt(inspect, "Id"),
      name: nameOf(inspect),
      createdAt: stringAt(inspect, "Created"),
      spec: labelOf(inspect, label.spec) ?? "",
      image: labelOf(inspect, label.image) ?? "",
      reference: stringAt(inspect, "Config", "Image"),
      running: booleanAt(inspect, "State", "Running"),
      restart: optionalString(inspect, "HostConfig", "RestartPolicy", "Name") || "no",
    }))
    .toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
    .map(({ createdAt: _, ...container }) => container);
  const { files, lines } = readFiles(answers.text(filesQuery(about.root)) ?? "");
  if (containers.length === 0 && Object.keys(files).length === 0) return new Map();
  const layout: unknown = parsedJson(answers.text(layoutQuery(about.root)) ?? "");
  const said = answers.text(runtimeQuery(about.root));
  const images = listAt(answers.json(imagesQuery)).flatMap((item) => [
    stringAt(item, "Id"),
    ...stringsAt(item, "RepoTags"),
    ...stringsAt(item, "RepoDigests"),
  ]);
  const state: ProxyState = {
    ...answeredBy(containers, said === undefined ? undefined : readRuntime(said)),
    files,
    lines,
    images,
    ...optional("layout", isLayout(layout) ? layout : undefined),
    ...optional("meaning", meaningIn(layout)),
  };
  return new Map([["", state]]);
}

function readFiles(text: string): Pick<ProxyState, "files" | "lines"> {
  const all = text.trimEnd().split("\n");
  if (all.pop() !== "end") throw new Unreadable("the sums of the proxy's files have no end");
  const files: Record<string, string> = {};
  const lines: Record<string, string> = {};
  for (const line of all) {
    const [, name, sum] = /^file ([a-z0-9.-]+) ([0-9a-f]{64})\b/.exec(line) ?? [];
    const [, server, rest] = /^server (\S+) (.*)$/.exec(line) ?? [];
    if (name !== undefined && sum !== undefined) files[name] = sum;
    else if (server !== undefined && rest !== undefined) lines[server] = rest.trim();
    else throw new Unreadable("not a sum of a proxy's file");
  }
  return { files, lines };
}

/** Two that run share the socket until one of them leaves: what the former one says is not what the other does. */
function answeredBy(
  containers: readonly ProxyContainer[],
  runtime: ProxyRuntime | undefined,
): Pick<ProxyState, "containers" | "runtime"> {
  const serving = containers.findLast((c) => c.running && !isLeaving(c));
  const by = runtime?.by;
  if (by === undefined || serving === undefined || by === serving.spec)
    return { containers, ...optional("runtime", runtime) };
  const isAnswering = (c: ProxyContainer): boolean => c.running && c.spec === by;
  return { containers: containers.map((c) => (isAnswering(c) ? { ...c, answers: true } : c)) };
}

export function readRuntime(text: string): ProxyRuntime {
  const [first = "", second = "", ...others] = text.split(/^admin\n/m);
  const servers = parseServers(first);
  if (servers === undefined || others.length !== mapNames.length + 1)
    throw new Unreadable("the proxy does not tell what it does");
  const by = new RegExp(`^${specVariable}=(\\S+)`, "m").exec(others.at(-1) ?? "")?.[1];
  return {
    servers,
    ...optional("by", by),
    maps: Object.fromEntries(
      mapNames.flatMap((name, i) => {
        const answer = others[i] ?? "";
        if (answer.trimStart().startsWith("Unknown map")) return [];
        return [[name, Object.fromEntries(parseMapEntries(answer))]];
      }),
    ),
    certificates: parseCrtList(second),
  };
}

function meaningIn(layout: unknown): ImageMeaning | undefined {
  const image = isObject(layout) ? layout["image"] : undefined;
  const { text, reference } = isObject(image) ? image : {};
  return typeof text === "string" && typeof reference === "string"
    ? { text, reference }
    : undefined;
}

/** Of another version it is for another configuration: then there is none. */
const isLayout = (value: unknown): value is Layout =>
  isObject(value) && value["version"] === layoutVersion;

/** A configuration's lines as they are compared: those of servers by slot, and the others. */
export function linesOf(config: string): {
  readonly fixed: readonly string[];
  readonly servers: ReadonlyMap<string, string>;
} {
  const servers = new Map<string, string>();
  let backend = "";
  const fixed = config
    .replace(/\n$/, "")
    .split("\n")
    .filter((line) => {
      backend = /^backend (\S+)/.exec(line)?.[1] ?? backend;
      const [, slot, rest] = /^ {2}server ([ir]\d\S*) (.*)$/.exec(line) ?? [];
      if (slot === undefined || rest === undefined) return true;
      servers.set(`${backend}/${slot}`, rest);
      return false;
    });
  return { fixed, servers };
}
