import { createHash, randomBytes } from "node:crypto";
import { chown, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflate, inflate, type ZlibOptions } from "node:zlib";
import { isCoded } from "./coded.ts";

const compress = promisify(deflate);
const decompress = promisify<Buffer, ZlibOptions, Buffer>(inflate);

export type ObjectType = "blob" | "tree" | "commit";

const objectFile = (gitdir: string, oid: string): { folder: string; file: string } => {
  const folder = join(gitdir, "objects", oid.slice(0, 2));
  return { folder, file: join(folder, oid.slice(2)) };
};

/**
 * Writes one object as git does: whole or not at all, readable by all who may read the repository, and owned by its
 * owner (a controller that runs as root must not lock the owner out).
 */
export async function writeLoose(
  gitdir: string,
  type: ObjectType,
  content: Uint8Array,
): Promise<string> {
  const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  const oid = createHash("sha1").update(bytes).digest("hex");
  const { folder, file } = objectFile(gitdir, oid);
  if (await exists(file)) return oid;
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `tmp_obj_${randomBytes(6).toString("hex")}`);
  try {
    const handle = await open(temporary, "wx", 0o444);
    try {
      await handle.writeFile(await compress(bytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await giveToOwner(gitdir, [folder, temporary]);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return oid;
}

/** A loose object; undefined where there is none of that id. Throws where it is damaged or larger than `maxBytes`. */
export async function readLoose(
  gitdir: string,
  oid: string,
  maxBytes: number,
): Promise<{ readonly type: string; readonly bytes: Buffer } | undefined> {
  const packed = await readFile(objectFile(gitdir, oid).file).catch((error: unknown) => {
    if (isCoded(error, "ENOENT")) return undefined;
    throw error;
  });
  if (packed === undefined) return undefined;
  const whole = await decompress(packed, { maxOutputLength: maxBytes });
  if (createHash("sha1").update(whole).digest("hex") !== oid)
    throw new Error(`${oid} has other content`);
  const end = whole.indexOf(0);
  return { type: whole.toString("latin1", 0, whole.indexOf(0x20)), bytes: whole.subarray(end + 1) };
}

export async function giveToOwner(gitdir: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(gitdir);
  if (uid === 0) return;
  await Promise.all(paths.map((path) => chown(path, uid, gid)));
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
