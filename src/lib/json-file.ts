import { open, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Json } from "./json.ts";

/** What a file held. A damaged or oversized file counts as empty, and says so. */
export interface FileContent {
  readonly value?: Json;
  readonly warning?: string;
}

/** One JSON document on disk: whole or not there, whatever happens while it is written. */
export interface JsonFile {
  read(): Promise<FileContent>;
  /** Survives a power cut once it resolves. Writes of one file follow each other in the order of calls. */
  write(value: Json): Promise<void>;
  remove(): Promise<void>;
}

/** The effects that writing takes, one by one, so that a crash can be tried between any two. */
export interface FileEffects {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly rm: typeof rm;
}

export function jsonFile(
  path: string,
  maxBytes: number,
  effects: FileEffects = { open, rename, rm },
): JsonFile {
  const next = `${path}.new`;
  let last: Promise<void> = Promise.resolve();

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };

  return {
    read: async () => await readBounded(path, maxBytes, effects),
    write: async (value) => {
      await inTurn(async () => {
        await writeSynced(next, `${JSON.stringify(value)}\n`, effects);
        await effects.rename(next, path);
        await syncFolder(dirname(path), effects);
      });
    },
    remove: async () => {
      await inTurn(async () => {
        await effects.rm(path, { force: true });
      });
    },
  };
}

async function readBounded(
  path: string,
  maxBytes: number,
  effects: FileEffects,
): Promise<FileContent> {
  const name = basename(path);
  try {
    await using file = await effects.open(path, "r");
    const { size } = await file.stat();
    if (size > maxBytes)
      return { warning: `${name} is larger than ${maxBytes} bytes and is taken as empty` };
    return { value: JSON.parse(await file.readFile("utf8")) as Json };
  } catch (error) {
    if (error instanceof SyntaxError)
      return { warning: `${name} is damaged and is taken as empty` };
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

async function writeSynced(path: string, text: string, effects: FileEffects): Promise<void> {
  await using file = await effects.open(path, "w", 0o600);
  await file.writeFile(text);
  await file.sync();
}

/** Makes the rename itself durable. */
async function syncFolder(path: string, effects: FileEffects): Promise<void> {
  await using folder = await effects.open(path, "r");
  await folder.sync();
}
