/**
 * Adds to package-lock.json the optional packages that `npm install` left out because its registry (a mirror, say) has
 * no build for their platform: `npm ci` refuses a lock file without them, on every platform.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
}

export interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

/** Optional packages that others name and the lock file lacks, as entries for it. Throws where a name tells no platform. */
export function lackingIn({ packages }: Lock): readonly (readonly [path: string, entry: object])[] {
  return Object.values(packages).flatMap(({ optionalDependencies = {}, dev }) =>
    Object.entries(optionalDependencies)
      .map(([name, version]) => [`node_modules/${name}`, version] as const)
      .filter(([path]) => packages[path] === undefined)
      .map(([path, version]) => [path, { version, ...(dev ? { dev } : {}), ...platformOf(path) }]),
  );
}

/** By what npm passes a package over on other platforms: `@oxfmt/binding-linux-arm64-musl` says it. */
function platformOf(name: string): object {
  const [, os, cpu, rest = ""] =
    /(android|darwin|freebsd|linux|openharmony|win32)-(arm(?!64)|[a-z0-9]+)(.*)$/.exec(name) ?? [];
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not tell its platform`);
  const libc = rest === "-gnu" ? ["glibc"] : rest === "-musl" ? ["musl"] : undefined;
  return { optional: true, os: [os], cpu: [cpu], ...(libc ? { libc } : {}) };
}

if (import.meta.main) {
  const file = new URL("../package-lock.json", import.meta.url);
  const lock = JSON.parse(readFileSync(file, "utf8")) as Lock;
  const packages = [...Object.entries(lock.packages), ...lackingIn(lock)].toSorted(([a], [b]) =>
    a.localeCompare(b, "en"),
  );
  const complete = { ...lock, packages: Object.fromEntries(packages) };
  writeFileSync(file, `${JSON.stringify(complete, null, 2)}\n`);
}
