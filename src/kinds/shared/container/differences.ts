import { formatDuration } from "../../../lib/duration.ts";
import { canonicalJson, isObject, type Json } from "../../../lib/json.ts";
import { formatSize } from "../../../lib/size.ts";
import type { Field } from "../../../model/change.ts";
import { sealedShown } from "../../../model/sealed.ts";
import { fieldsOf, imageDigest, servedFields, type Fields } from "./fields.ts";
import type { LiveContainer } from "./live.ts";
import type { ContainerSpec } from "./spec.ts";
import { livePattern } from "../files/replace.ts";
import { optionalString } from "../reader.ts";
import { shown } from "../sensitive.ts";

/** What differs of the fields that only a new container can change; never empty for another spec. */
export function createOnlyFields(
  want: ContainerSpec,
  live: LiveContainer,
  root: string,
): readonly Field[] {
  const all = fieldDifferences(want, live, root);
  return all.length > 0 ? all : [{ path: "spec", live: live.spec }];
}

export function fieldDifferences(
  want: ContainerSpec,
  live: LiveContainer,
  root: string,
): readonly Field[] {
  const tellsServed = want.proxied !== undefined && live.served !== undefined;
  const declared = { ...fieldsOf(want), ...(tellsServed ? servedFields(want.served) : {}) };
  const made = { ...live.fields, ...(tellsServed ? servedFields(live.served) : {}) };
  const paths = [...new Set([...Object.keys(declared), ...Object.keys(made)])].toSorted();
  const image =
    imageDigest(want.image) === imageDigest(live.image) || want.image === live.imageId
      ? []
      : [imageField(want, live)];
  const others = paths
    .filter((path) => !isSame(declared[path], made[path]))
    .map((path) => secretField(path, want, made) ?? field(path, declared, made, root));
  return [...image, ...others];
}

const sizes: ReadonlySet<string> = new Set(["shmSize", "logs.maxSize"]);

const isSame = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined
    ? a === b
    : isReplaced(a, b) || canonicalJson(a) === canonicalJson(b);

/** Each container has copies of its own of what is replaced while it runs: what is in them is told for itself. */
const isReplaced = (a: Json, b: Json): boolean =>
  [a, b].every((mount) => livePattern.test(mountOf(mount)?.source ?? ""));

function imageField(want: ContainerSpec, live: LiveContainer): Field {
  const readable = (text: string | undefined, reference: string): string =>
    text === undefined ? reference : `${text} (${imageDigest(reference)})`;
  return {
    path: "image",
    declared: readable(want.imageText, want.image),
    live: readable(live.imageText, live.image),
  };
}

function field(path: string, declared: Fields, live: Fields, root: string): Field {
  const [ours, theirs] = [declared[path], live[path]];
  const name = path.startsWith("mounts.") ? mountPath(path, ours ?? theirs, root) : path;
  const out = (value: Json | undefined) =>
    value === undefined ? value : readable(path, value, root);
  const [declaredText, liveText] = [out(ours), out(theirs)];
  return {
    path: name,
    ...(declaredText === undefined ? {} : { declared: declaredText }),
    ...(liveText === undefined ? {} : { live: liveText }),
  };
}

/** A variable that holds a secret, or did: by its name. What it holds nobody is told. */
function secretField(path: string, want: ContainerSpec, live: Fields): Field | undefined {
  const name = /^env\.(.*)$/s.exec(path)?.[1];
  if (name === undefined) return undefined;
  const [secret, plain] = [want.secretEnv?.[name], want.env[name]];
  const wasSecret = isObject(live[path]);
  if (secret === undefined && !wasSecret) return undefined;
  const declared = secret === undefined ? plain : sealedShown(secret.text);
  const isThere = live[path] !== undefined;
  const former = !wasSecret ? "(hidden)" : secret === undefined ? "a secret" : "another value";
  return {
    path,
    ...(declared === undefined ? {} : { declared }),
    ...(isThere ? { live: former } : {}),
  };
}

/** As it stands in an app file: `files` for what Slipway ships, else `volumes`. */
function mountPath(path: string, mount: Json | undefined, root: string): string {
  const source = mountOf(mount)?.source ?? "";
  return path.replace(/^mounts/, source.startsWith(`${root}/files/`) ? "files" : "volumes");
}

/** As an app file would write it. */
function readable(path: string, value: Json, root: string): Json {
  if (typeof value === "number" && sizes.has(path)) return formatSize(value);
  if (typeof value === "number" && path === "deploy.stopTimeout")
    return formatDuration(value * 1000);
  const mount = path.startsWith("mounts.") ? mountOf(value) : undefined;
  if (mount !== undefined) return mountText(mount, root);
  return shown(path, value);
}

/** What is shipped lies under a digest of it: which of its files differ, its own change tells. */
function mountText(
  { source, readOnly }: { source: string; readOnly: boolean },
  root: string,
): string {
  const shipped = `${root}/files/`;
  if (source.startsWith(shipped)) return `version ${source.slice(shipped.length).slice(0, 8)}`;
  return readOnly ? `${source} (read-only)` : source;
}

function mountOf(value: Json | undefined): { source: string; readOnly: boolean } | undefined {
  if (typeof value !== "object" || value === null || !("source" in value)) return undefined;
  const source = optionalString(value, "source");
  return source === undefined ? undefined : { source, readOnly: value["readOnly"] === true };
}

/** Live fields as they may be stored. */
export const redactFields = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([path, value]) => [path, shown(path, value)]));

/** Networks that it should be on and is not; on which others it is, is nobody's business. */
export function detachedFrom(want: ContainerSpec, live: LiveContainer): readonly string[] {
  if (want.networks === "host") return [];
  return want.networks.map(({ name }) => name).filter((name) => !live.networks.includes(name));
}
