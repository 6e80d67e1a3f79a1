import { digestOf, shortHash } from "../lib/hash.ts";

/** What is left for `-<service>`. */
const longest = 24;

/** A name for an app, as near to the container's as can be. `own`: the machine, which its first instance may be called like. */
export function freeName(text: string, taken: ReadonlySet<string>, own = ""): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, longest)
    .replace(/-+$/, "");
  const base = plain === "" || /^\d+$/.test(plain) || isReserved(plain) ? `app-${plain}` : plain;
  const name = base.replace(/-$/, "");
  const candidates = [name, `${name}-app`];
  return (
    candidates.find((one) => isFree(one, taken, own)) ?? `${name}-${shortHash(digestOf(text))}`
  );
}

const isReserved = (name: string): boolean => name === "all" || name === "localhost";

/** `web-1` is also the first instance of `web`. */
function isFree(name: string, taken: ReadonlySet<string>, own: string): boolean {
  const [, app] = /^(.+)-\d+$/.exec(name) ?? [];
  const isInstance = app !== undefined && taken.has(app);
  return !taken.has(name) && !isInstance && !hasInstance(name, taken, own);
}

const hasInstance = (name: string, taken: ReadonlySet<string>, own: string): boolean =>
  [...taken].some(
    (one) =>
      one.startsWith(`${name}-`) &&
      /^\d+$/.test(one.slice(name.length + 1)) &&
      !(one === own && own === `${name}-1`),
  );

/** Names engine volumes within an app: without the project before them, each by one name. */
export function keyFrom(group: string): (engineName: string, path: string) => string {
  const keys = new Map<string, string>();
  const used = new Set<string>();
  return (engineName, path) => {
    const id = `${engineName} ${path}`;
    const known = keys.get(id);
    if (known !== undefined) return known;
    const key = freeKey(keyOf(group, engineName, path), used);
    keys.set(id, key);
    used.add(key);
    return key;
  };
}

function keyOf(group: string, engineName: string, path: string): string {
  const isAnonymous = /^[0-9a-f]{64}$/.test(engineName);
  const own = engineName.startsWith(`${group}_`) ? engineName.slice(group.length + 1) : engineName;
  const key = (isAnonymous ? (path.split("/").at(-1) ?? "") : own).replaceAll(
    /[^A-Za-z0-9_.-]/g,
    "-",
  );
  return /^[A-Za-z0-9]/.test(key) ? key.slice(0, 90) : `data${key}`.slice(0, 90);
}

function freeKey(key: string, used: ReadonlySet<string>): string {
  for (let n = 2; used.has(key); n++) if (!used.has(`${key}-${n}`)) return `${key}-${n}`;
  return key;
}
