import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { mkdtemp, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Io } from "../io.ts";
import { UserError } from "../trouble.ts";

/** A folder of our own for plaintext, of which nothing stays. */
export interface Scratch {
  readonly folder: string;
  write(name: string, text: string): Promise<string>;
  /** Overwrites and removes all that is in it, at once: also while the process ends. */
  wipe(): void;
}

/** File systems that are kept in memory: tmpfs, ramfs. */
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/**
 * In memory-backed storage, or in a folder that the user has named for it. Throws UserError where neither is there.
 */
export async function openScratch(
  { env }: Pick<Io, "env">,
  named: string | undefined,
): Promise<Scratch> {
  const parent = named ?? (await memoryFolder(env["XDG_RUNTIME_DIR"]));
  const folder = await mkdtemp(join(parent, "slipway-")).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      "refused",
      `no folder can be made in ${parent} (${error.code ?? error.message})`,
    );
  });
  return {
    folder,
    write: async (name, text) => {
      const file = join(folder, name);
      await writeFile(file, text, { mode: 0o600 });
      return file;
    },
    wipe: () => {
      if (existsSync(folder)) overwriteIn(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function memoryFolder(runtime: string | undefined): Promise<string> {
  for (const folder of [runtime, "/dev/shm"])
    if (folder !== undefined && folder !== "" && (await isInMemory(folder))) return folder;
  throw new UserError(
    "refused",
    "there is no storage in memory here ($XDG_RUNTIME_DIR, /dev/shm): the values would be written to a disk, from which they cannot be wiped for sure",
    "Name a folder for it: --plaintext-in DIR; or use 'slipway secrets set' for one value.",
  );
}

const isInMemory = (folder: string): Promise<boolean> =>
  statfs(folder).then(
    ({ type }) => inMemory.has(type),
    () => false,
  );

/** Also what the editor has left beside the file. */
function overwriteIn(folder: string): void {
  for (const { name } of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, name);
    const found = lstatSync(path);
    if (found.isDirectory()) overwriteIn(path);
    else if (found.isFile()) overwrite(path, found.size);
  }
}

function overwrite(file: string, size: number): void {
  try {
    const handle = openSync(file, "r+");
    try {
      writeSync(handle, Buffer.alloc(size), 0, size, 0);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // It is removed in any case.
  }
}
