import { isObject, type JsonObject } from "../lib/json.ts";
import { nodeAt, type ListNode, type Node, type Path, type ScalarNode } from "./node.ts";
import { shown } from "./text.ts";

/** How a value that is wrong could be written, as ` (write 5s)`, where that is plain; else nothing. */
export function adviceOn(schema: JsonObject, root: Node, path: Path): string {
  const node = nodeAt(root, path);
  const key = String(path.at(-1) ?? "");
  const types = [schema["type"]].flat();
  if (node === undefined) return "";
  const special = specially(node, path);
  if (special !== undefined) return ` (${special})`;
  const takesText = types.includes("string");
  if (types.includes("array") && !takesText && node.kind === "scalar" && node.value !== null) {
    const items = isObject(schema["items"]) ? schema["items"] : {};
    return fits(items, node.source) ? ` (write ${key}: [${word(node.source)}])` : "";
  }
  const map = types.includes("object") && !takesText ? asMap(key, node) : "";
  if (map !== "") return map;
  if (node.kind !== "scalar") return "";
  const measure = measured(schema["title"], node);
  if (measure !== undefined) return ` (write ${measure})`;
  if (types.includes("boolean") && !takesText) return asBoolean(node, schema);
  if (takesText && typeof node.value !== "string" && fits(schema, node.source))
    return ` (put it in quotes: "${shown(node.source)}")`;
  const isNumber = types.includes("integer") ? /^\d+$/ : /^\d+(?:\.\d+)?$/;
  if ((types.includes("integer") || types.includes("number")) && isNumber.test(node.source))
    return typeof node.value === "string" ? " (without quotes)" : "";
  return "";
}

/** What is plain only for a certain key. */
function specially(node: Node, path: Path): string | undefined {
  const [above, key] = [path.at(-2), path.at(-1)];
  if (above === "env" && key === "clear" && node.kind === "map")
    return "variables stand in env itself: env: { LOG_LEVEL: info }";
  if (above === "env" && key === "secret" && node.kind === "list")
    return `secrets stand beside env: secrets: [${itemsOf(node).slice(0, 3).map(word).join(", ")}]`;
  if (key === "secrets" && node.kind === "map") {
    const names = [...node.entries.keys()].slice(0, 3).map(word).join(", ");
    return `write secrets: [${names}]; what they are stands encrypted in secrets/<app>.yaml`;
  }
  if (node.kind !== "scalar") return undefined;
  const routed = inRoutes(node, path);
  if (routed !== undefined) return routed;
  if ((key === "publish" || above === "publish") && /^\d{1,5}$/.test(node.source))
    return key === "publish"
      ? `write publish: ["${node.source}:${node.source}"]`
      : `write "${node.source}:${node.source}"`;
  if (key === "health" && isNo(node.source)) return "write off";
  if (key === "restart" && /^on-failure:\d+$/.test(node.source))
    return "write on-failure; how often it is tried cannot be limited";
  if (above === "health" && key === "tcp" && /^\d+$/.test(node.source))
    return `the port stands beside it: health: { tcp: true, port: ${node.source} }`;
  return undefined;
}

/** What is plain for a key that may say no. */
const isNo = (text: string): boolean => /^(?:false|no|none|disabled?)$/i.test(text);

function inRoutes({ source }: ScalarNode, path: Path): string | undefined {
  const [above, key] = [path.at(-2), path.at(-1)];
  const host = hostIn(source);
  if (key === "routes" && host !== undefined) return `write routes: [{ host: ${word(host)} }]`;
  if (above === "routes" && host !== undefined) return `write { host: ${word(host)} }`;
  if ((key === "host" || above === "host") && host !== undefined && host !== source)
    return `write ${word(host)}`;
  if (key === "path" && /^\/[^*]*\*+$/.test(source))
    return `write ${word(source.replace(/\/?\*+$/, "") || "/")}: all that is below it is meant`;
  if (key === "listen" || above === "listen") return isNo(source) ? "write off" : undefined;
  if (key !== "tls") return undefined;
  return isNo(source)
    ? "write off"
    : /^(?:true|on|yes|acme)$/i.test(source)
      ? "write auto"
      : undefined;
}

/** The host of what is, or looks like, a URL, as DNS has it. */
function hostIn(text: string): string | undefined {
  const url = text.includes("://") ? text : `http://${text}`;
  if (text.length > 300 || !URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  return hostname.includes(".") && /^[a-z0-9*.-]*[a-z0-9]\.?$/.test(hostname)
    ? hostname.replace(/\.$/, "")
    : undefined;
}

/** Maps that Compose takes as lists of pairs too, with what stands between key and value. */
const pairs: Readonly<Record<string, RegExp>> = {
  env: /^([A-Za-z_]\w*)=(.*)$/,
  labels: /^([^=\s]+)=(.*)$/,
  sysctls: /^([^=\s]+)=(.*)$/,
  extraHosts: /^([^=:\s]+)[=:](.+)$/,
};

function asMap(key: string, node: Node): string {
  const pattern = Object.hasOwn(pairs, key) ? pairs[key] : undefined;
  const texts = pattern === undefined ? [] : textsOf(node);
  const found = texts.flatMap((text) => {
    const [, name, value] = pattern?.exec(text) ?? [];
    return name === undefined || value === undefined ? [] : `${word(name)}: ${word(value)}`;
  });
  if (key === "env" && node.kind === "list") found.push(...node.items.flatMap(ofKubernetes));
  if (found.length === 0) return "";
  const more = found.length > 3 ? ", …" : "";
  return ` (write ${key}: { ${found.slice(0, 3).join(", ")}${more} })`;
}

/** A list of `{ name, value }`; where a value is from elsewhere that is mostly a secret. */
function ofKubernetes(item: Node): readonly string[] {
  const [name, value] = ["name", "value"].map((key) => nodeAt(item, [key]));
  if (name?.kind !== "scalar") return [];
  return [
    `${word(name.source)}: ${value?.kind === "scalar" ? word(value.source) : "{ secret: … }"}`,
  ];
}

const textsOf = (node: Node): readonly string[] =>
  node.kind === "scalar" ? [node.source] : node.kind === "list" ? itemsOf(node) : [];

const itemsOf = ({ items }: ListNode): readonly string[] =>
  items.flatMap((item) => (item.kind === "scalar" ? item.source : []));

/** A number is mostly meant in the unit that other tools have by default. */
function measured(title: unknown, { source }: ScalarNode): string | undefined {
  const [, number, unit = ""] = /^([1-9]\d*)\s*([A-Za-z]*)$/.exec(source) ?? [];
  if (typeof title !== "string" || number === undefined || number.length > 6) return undefined;
  if (title.startsWith("duration")) {
    const known = /^(?:s(?:ec(?:ond)?s?)?)?$/i.test(unit) ? "s" : minutes(unit);
    return known && `${number}${known}`;
  }
  if (title.startsWith("percentage")) return unit === "" ? `${number}%` : undefined;
  if (title !== "size") return undefined;
  if (unit === "") return `${number}m`;
  const [, letter] = /^([kmgt])(?:i?b?)$/i.exec(unit) ?? [];
  return letter && `${number}${letter.toLowerCase()}`;
}

const minutes = (unit: string): string | undefined =>
  /^m(?:in(?:ute)?s?)$/i.test(unit) ? "m" : undefined;

function asBoolean({ source, value }: ScalarNode, schema: JsonObject): string {
  if (typeof value === "boolean") return "";
  if (/^(?:yes|on|y|true)$/i.test(source)) return " (write true)";
  return /^(?:no|off|n|false)$/i.test(source) && schema["enum"] === undefined
    ? " (write false)"
    : "";
}

const fits = ({ pattern }: JsonObject, text: string): boolean =>
  typeof pattern !== "string" || new RegExp(pattern, "u").test(text);

/** As it would be written in a list or a map. */
const word = (text: string): string =>
  /^[A-Za-z0-9_./-][A-Za-z0-9_./:=-]*$/.test(text) && !text.endsWith(":")
    ? shown(text)
    : JSON.stringify(shown(text));
