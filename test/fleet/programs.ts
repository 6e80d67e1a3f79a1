import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cacheDir } from "./home.ts";
import { keyOf, layer, type Layer } from "./layers.ts";
import { must, run } from "./run.ts";

/** The test app's program, compiled here once for each of its sources' states. */
export async function appProgram(): Promise<string> {
  const folder = join(import.meta.dirname, "app");
  const names = (await readdir(folder)).filter((name) => /\.[ch]$/.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const program = join(cacheDir(), "programs", keyOf("app-2", Buffer.concat(texts)), "server");
  if (existsSync(program)) return program;
  await mkdir(dirname(program), { recursive: true });
  const fresh = `${program}-${randomUUID()}`;
  const sources = names.filter((name) => name.endsWith(".c")).map((name) => join(folder, name));
  await must(["gcc", "-O2", "-static", "-s", "-pthread", "-o", fresh, ...sources]);
  await rename(fresh, program); // another fleet may run the one that it has just made
  return program;
}

export async function appLayer(): Promise<Layer> {
  const program = await appProgram();
  return layer(keyOf("app-2", await readFile(program)), async (root) => {
    await mkdir(join(root, "app"));
    await copyFile(program, join(root, "app/server"));
  });
}

const haproxy = "/usr/sbin/haproxy";

/** The host's HAProxy with every library that it is linked with, laid out as in the official image. */
export async function haproxyLayer(): Promise<Layer> {
  return layer(keyOf("haproxy-1", await readFile(haproxy)), async (root) => {
    await copyProgram(root, haproxy, "/usr/local/sbin/haproxy");
    for (const path of ["usr/local/bin", "usr/local/etc/haproxy", "var/lib/haproxy"])
      await mkdir(join(root, path), { recursive: true });
    const entrypoint = join(root, "usr/local/bin/docker-entrypoint.sh");
    await writeFile(entrypoint, haproxyEntrypoint, { mode: 0o755 });
  });
}

/** What the official image's does. */
const haproxyEntrypoint = `#!/bin/sh
set -e
if [ "\${1#-}" != "$1" ]; then
  set -- haproxy "$@"
fi
if [ "$1" = haproxy ]; then
  shift
  set -- haproxy -W -db "$@"
fi
exec "$@"
`;

/** A program of the host with every library that it is linked with. */
export async function programLayer(program: string): Promise<Layer> {
  return layer(keyOf("program-1", await readFile(program)), (root) =>
    copyProgram(root, program, join("/usr/local/bin", basename(program))),
  );
}

async function copyProgram(root: string, program: string, target: string): Promise<void> {
  // A program without libraries is one that ldd refuses.
  const libraries = (await run(["ldd", program])).stdout.match(/\/\S+/g) ?? [];
  const copies = [[program, target], ...libraries.map((one) => [one, one])];
  for (const [from = "", to = ""] of copies) {
    await mkdir(join(root, dirname(to)), { recursive: true });
    await copyFile(from, join(root, to));
  }
}
