import { createHash, randomUUID } from "node:crypto";
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { cacheDir } from "./home.ts";
import { must } from "./run.ts";

/** One layer of an image, as a registry wants it. */
export type Layer = { file: string; digest: string; diffId: string; size: number };

export const sha256 = (bytes: Buffer | string): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const busybox = "/bin/busybox";

/** A small system: busybox with its names, users and the usual folders. */
export async function baseLayer(): Promise<Layer> {
  return layer(keyOf("base-2", await readFile(busybox)), async (root) => {
    await mkdir(join(root, "bin"));
    await copyFile(busybox, join(root, "bin/busybox"));
    const names = (await must([busybox, "--list"])).trim().split("\n");
    for (const name of names)
      if (name !== "busybox") await symlink("busybox", join(root, "bin", name));
    for (const path of ["etc", "root", "tmp", "var", "run", "usr", "home"])
      await mkdir(join(root, path));
    for (const name of ["bin", "sbin"]) await symlink("/bin", join(root, "usr", name));
    await writeFile(
      join(root, "etc/passwd"),
      "root:x:0:0:root:/root:/bin/sh\nhaproxy:x:99:99::/tmp:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n",
    );
    await writeFile(join(root, "etc/group"), "root:x:0:\nhaproxy:x:99:\nnogroup:x:65534:\n");
    await must(["chmod", "1777", join(root, "tmp")]);
  });
}

export async function filesLayer(files: Readonly<Record<string, string>>): Promise<Layer> {
  return layer(`files-${sha256(JSON.stringify(files)).slice(7, 31)}`, async (root) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  });
}

/** Bytes that cannot be compressed, the same for the same seed. */
export async function padLayer(mib: number, seed: string): Promise<Layer> {
  return layer(`pad-${mib}-${sha256(seed).slice(7, 31)}`, async (root) => {
    const key = sha256(seed).slice(7, 39);
    const pad = `openssl enc -aes-128-ctr -K ${key} -iv ${"0".repeat(32)} </dev/zero 2>/dev/null | head -c ${mib}M`;
    await must(["sh", "-c", `${pad} >"$1"`, "pad", join(root, "pad")]);
  });
}

export const keyOf = (kind: string, bytes: Buffer): string =>
  `${kind}-${sha256(bytes).slice(7, 31)}`;

/** Gives a layer from the cache, or makes it there; two fleets may do so at once. */
export async function layer(key: string, fill: (root: string) => Promise<void>): Promise<Layer> {
  const dir = join(cacheDir(), "layers", key);
  const known = await readFile(join(dir, "layer.json"), "utf8").catch(() => undefined);
  if (known !== undefined)
    return { ...(JSON.parse(known) as Omit<Layer, "file">), file: join(dir, "layer.tgz") };
  await mkdir(dirname(dir), { recursive: true });
  const fresh = await mkdtemp(join(cacheDir(), `new-${randomUUID()}`));
  const root = join(fresh, "root");
  await mkdir(root);
  await fill(root);
  const file = join(fresh, "layer.tgz");
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await must(["tar", "-C", root, ...same, "-czf", file, "."]);
  await rm(root, { recursive: true });
  const bytes = await readFile(file);
  const found = { digest: sha256(bytes), diffId: sha256(gunzipSync(bytes)), size: bytes.length };
  await writeFile(join(fresh, "layer.json"), JSON.stringify(found));
  await rename(fresh, dir).catch(() => rm(fresh, { recursive: true })); // another fleet was faster
  return { ...found, file: join(dir, "layer.tgz") };
}
