import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { distributions, type BareOs, type Distribution } from "./distributions.ts";
import { cacheDir, isOlder } from "./home.ts";
import { keyOf } from "./layers.ts";
import { startPackages } from "./packages.ts";
import { cleanEnv, must } from "./run.ts";
import type { BareSort } from "./types.ts";

const limitSeconds = 900;
const keptForMs = 30 * 24 * 3600_000;

/** The folders that a bare machine's root is laid over, the uppermost first; made once on a host and then kept. */
export async function bareLayers(sort: BareSort, os: BareOs): Promise<readonly string[]> {
  const { suite, sources, keys, plain, engine }: Distribution = distributions[os];
  const tree = await made("plain", "plain-tree.sh", [
    suite,
    plain.join(","),
    sources.join("\n"),
    ...(keys === undefined ? [] : [keys.url, keys.digest]),
  ]);
  if (sort === "plain") return [tree];
  return [await made("engine", "engine-layer.sh", [tree, engine.join(" ")]), tree];
}

async function made(kind: string, script: string, args: readonly string[]): Promise<string> {
  const file = join(import.meta.dirname, script);
  const recipe = Buffer.concat([await readFile(file), Buffer.from(args.join("\n"))]);
  const dir = join(cacheDir(), "trees");
  const target = join(dir, keyOf(kind, recipe));
  const lock = `${target}.lock`;
  if (existsSync(target)) {
    await utimes(lock, new Date(), new Date());
    return target;
  }
  await mkdir(dir, { recursive: true });
  await forgetOld(dir);
  const packages = await startPackages("127.0.0.1", 0);
  // Dies with this process, and its mounts with it; whoever waits for the lock goes on then.
  const alone = ["setpriv", "--pdeathsig", "KILL"];
  const locked = ["flock", "--no-fork", "--wait", String(limitSeconds), lock];
  const apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  try {
    await must([...alone, ...locked, ...apart, "sh", file, target, ...args], {
      env: { ...cleanEnv, http_proxy: packages.packages.url },
      timeoutMs: limitSeconds * 1000,
    });
  } finally {
    await packages.stop();
  }
  return target;
}

/** Trees that no machine has been booted from for long, such as those of other recipes. */
async function forgetOld(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.endsWith(".lock") || !(await isOlder(join(dir, name), keptForMs))) continue;
    const target = join(dir, name.slice(0, -".lock".length));
    for (const path of ["", ".new", ".keys", ".lock"].map((end) => target + end))
      await rm(path, { recursive: true, force: true });
  }
}
