import { canonicalJson, isObject, type Json } from "../../../lib/json.ts";
import { listAt, optionalBoolean, optionalString, stringMapAt, stringsAt } from "../reader.ts";
import { compact, prefixed, some, type Fields } from "./fields.ts";
import { readFields } from "./live.ts";

/** What the engine gives a container that is told nothing. */
const usualShm = 64 * 1024 * 1024;
const usualStopSeconds = 10;

/**
 * The create-only fields of a container that somebody made by hand, in the form in which ours are: without what it has from
 * its image or the engine. Where its image is gone nothing counts as having come with that.
 */
export function handFields(inspect: Json, image: Json | undefined): Fields {
  const all = readFields(inspect);
  const inherited = inheritedFields(inspect, image);
  const isHost = all["network"] === "host";
  const shortId = (optionalString(inspect, "Id") ?? "").slice(0, 12);
  const isOwn = ([path, value]: readonly [string, Json]): boolean => {
    if (path.startsWith("mounts.") || path.startsWith("tmpfs.")) return false;
    if (path.startsWith("logs.")) return false;
    if (isMakersLabel(path)) return false;
    // The engine discards them there.
    if (path === "publish") return !isHost;
    if (path === "hostname") return !isHost && value !== shortId;
    if (path === "shmSize") return value !== usualShm;
    const given = inherited[path];
    return given === undefined || canonicalJson(given) !== canonicalJson(value);
  };
  return compact({
    ...Object.fromEntries(Object.entries(all).filter(isOwn)),
    ...mountsBeside(inspect),
    ...logsOf(inspect),
    ...(all["entrypoint"] === undefined && inherited["entrypoint"] !== undefined
      ? { entrypoint: [] }
      : {}),
    "deploy.stopTimeout": all["deploy.stopTimeout"] ?? usualStopSeconds,
  });
}

/** What tools write of themselves. */
const isMakersLabel = (path: string): boolean =>
  /^labels\.(?:com\.docker\.compose\.|desktop\.docker\.|slipway\.)/.test(path);

/** What a container has from its image, if it has the same. Arguments are the image's where no other entrypoint is. */
export function inheritedFields(inspect: Json, image: Json | undefined): Fields {
  const all = readFields(inspect);
  const entrypoint = some(stringsAt(image, "Config", "Entrypoint"));
  const isImages = canonicalJson(entrypoint ?? null) === canonicalJson(all["entrypoint"] ?? null);
  return compact({
    entrypoint,
    command:
      isImages || all["entrypoint"] === undefined
        ? some(stringsAt(image, "Config", "Cmd"))
        : undefined,
    user: optionalString(image, "Config", "User") || undefined,
    workingDir: optionalString(image, "Config", "WorkingDir") || "/",
    stopSignal: optionalString(image, "Config", "StopSignal") || "SIGTERM",
    ...prefixed("env", envOf(image)),
    ...prefixed("labels", stringMapAt(image, "Config", "Labels")),
  });
}

const envOf = (image: Json | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    stringsAt(image, "Config", "Env").map((entry) => {
      const end = entry.indexOf("=");
      return end < 0 ? [entry, ""] : [entry.slice(0, end), entry.slice(end + 1)];
    }),
  );

/** As they are, however they were asked for: `-v`, `--mount`, `--volumes-from`, or by the image. */
function mountsBeside(inspect: Json): Readonly<Record<string, Json>> {
  const found = listAt(inspect, "Mounts").flatMap((mount): readonly (readonly [string, Json])[] => {
    const type = optionalString(mount, "Type") ?? "";
    const target = optionalString(mount, "Destination") ?? "";
    if (type === "tmpfs") return [[`tmpfs.${target}`, ""]];
    const source = optionalString(mount, type === "volume" ? "Name" : "Source") ?? "";
    const readOnly = optionalBoolean(mount, "RW") === false;
    return [[`mounts.${target}`, { type, source, readOnly }]];
  });
  return {
    ...Object.fromEntries(found),
    ...prefixed("tmpfs", stringMapAt(inspect, "HostConfig", "Tmpfs")),
  };
}

function logsOf(inspect: Json): Readonly<Record<string, Json | undefined>> {
  if ((optionalString(inspect, "HostConfig", "LogConfig", "Type") ?? "") !== "json-file") return {};
  const config = stringMapAt(inspect, "HostConfig", "LogConfig", "Config");
  const files = config["max-file"];
  return {
    "logs.maxSize": engineSize(config["max-size"]),
    "logs.maxFiles": files !== undefined && /^\d{1,9}$/.test(files) ? Number(files) : undefined,
  };
}

const powers = ["", "k", "m", "g", "t"];

/** The engine counts the size of a log in thousands. Source: docker/go-units, FromHumanSize. */
function engineSize(text: string | undefined): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?([kmgt]?)i?b?$/i.exec(text ?? "") ?? [];
  if (number === undefined) return undefined;
  return Math.floor(Number(number) * 1000 ** powers.indexOf(unit.toLowerCase()));
}

/** An inspected container as if it had these labels. */
export function withLabels(inspect: Json, labels: Readonly<Record<string, string>>): Json {
  if (!isObject(inspect)) return inspect;
  const config = isObject(inspect["Config"]) ? inspect["Config"] : {};
  const own = isObject(config["Labels"]) ? config["Labels"] : {};
  return { ...inspect, Config: { ...config, Labels: { ...own, ...labels } } };
}
