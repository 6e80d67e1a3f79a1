import { detectForge, openForge, type ForgeSetting } from "../forges/detect.ts";
import { ForgeError } from "../forges/forge.ts";
import { openOutbox } from "../forges/outbox.ts";
import type { Clock } from "../lib/clock.ts";
import type { JsonFile } from "../lib/json-file.ts";
import type { Log } from "../report/log.ts";
import { systemGit } from "../source/local/system-git.ts";
import { SourceError } from "../source/source.ts";
import type { StatusPost } from "./reporter.ts";
import type { RepoPlace } from "./repo.ts";

export interface PostOptions {
  readonly place: RepoPlace;
  readonly token: string;
  readonly setting: () => Promise<ForgeSetting | undefined>;
  readonly file: JsonFile;
  readonly clock: Clock;
  readonly log: Log;
}

/** The forge that the repository stands on, and what waits to be told there; undefined where there is none. */
export async function openPost(options: PostOptions): Promise<StatusPost | undefined> {
  const { place, token, setting, file, clock, log } = options;
  const remote = place.isLocal ? await remoteOf(place.repo) : place.repo;
  const found = detectForge(remote, await setting());
  if ("why" in found) {
    log.warn(`no commit statuses: ${found.why}`);
    return undefined;
  }
  try {
    const forge = openForge(found.place, token);
    const { outbox, warning } = await openOutbox({ forge, file, clock });
    if (warning !== undefined) log.warn(warning);
    return { forge, outbox };
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    log.warn(`no commit statuses: ${error.message}`);
    return undefined;
  }
}

/** Where a local clone came from; its own path where it came from nowhere. */
async function remoteOf(repo: string): Promise<string> {
  try {
    const { code, stdout } = await systemGit(repo, ["config", "--get", "remote.origin.url"]);
    return code === 0 && stdout.trim() !== "" ? stdout.trim() : repo;
  } catch (error) {
    if (error instanceof SourceError) return repo;
    throw error;
  }
}
