import { chmod, mkdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { withoutCredentials } from "../lib/address.ts";
import { digestOf } from "../lib/hash.ts";
import { type JsonFile, jsonFile } from "../lib/json-file.ts";

/** The state directory cannot be used; the message says why and what to do. */
export class StateError extends Error {
  override readonly name = "StateError";
}

/** Where the controller keeps what it could lose: caches, the outbox, its own history. Git and the machines hold the truth. */
export interface StateDir {
  readonly path: string;
  file(name: string, maxBytes: number): JsonFile;
  /** A folder in it, made when it is not there. */
  folder(name: string): Promise<string>;
}

export interface StateOwner {
  /** URL or absolute path. */
  readonly repo: string;
  /** `--path`: the folder of the repo. */
  readonly path?: string;
  readonly environment?: string;
}

/**
 * `${XDG_STATE_HOME:-~/.local/state}/slipway/<digest of the repo's URL>`, one for each environment, which is a fleet of its
 * own. Credentials in the URL are not part of it: a new token finds the old state.
 */
export function defaultStateDir(
  env: Readonly<Record<string, string | undefined>>,
  owner: StateOwner,
): string {
  const xdg = env["XDG_STATE_HOME"] ?? "";
  const home = isAbsolute(xdg) ? xdg : join(env["HOME"] ?? homedir(), ".local/state");
  const where = owner.path === undefined || owner.path === "" ? [] : [owner.path];
  const digest = digestOf([withoutCredentials(owner.repo), ...where]).slice(0, 16);
  return join(
    home,
    "slipway",
    owner.environment === undefined ? digest : `${digest}-${owner.environment}`,
  );
}

/** Makes it where it is not there, readable by its owner alone. Throws StateError. */
export async function openStateDir(path: string): Promise<StateDir> {
  const root = resolve(path);
  await usable(root);
  return {
    path: root,
    file: (name, maxBytes) => jsonFile(join(root, plain(name)), maxBytes),
    folder: async (name) => {
      const folder = join(root, plain(name));
      await usable(folder);
      return folder;
    },
  };
}

async function usable(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const { mode, uid } = await stat(path);
    const self = process.geteuid?.();
    if (self !== undefined && uid !== self)
      throw new StateError(`${path} belongs to user ${uid}, not to ${self}`);
    if ((mode & 0o077) !== 0) await chmod(path, 0o700);
  } catch (error) {
    if (error instanceof StateError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new StateError(
      `the state directory ${path} cannot be used (${code}); name another with --state`,
      {
        cause: error,
      },
    );
  }
}

function plain(name: string): string {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) throw new TypeError(`not a plain name: ${name}`);
  return name;
}
