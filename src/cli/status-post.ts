import { bindToken, maxBindingBytes, standingOf } from "../forges/binding.ts";
import { detectForge, openForge, type Detected, type ForgeSetting } from "../forges/detect.ts";
import { ForgeError } from "../forges/forge.ts";
import { openOutbox } from "../forges/outbox.ts";
import type { Clock } from "../lib/clock.ts";
import { jsonFile, type JsonFile } from "../lib/json-file.ts";
import type { Log } from "../report/log.ts";
import { systemGit } from "../source/local/system-git.ts";
import { SourceError } from "../source/source.ts";
import type { StateDir } from "../store/state-dir.ts";
import type { StatusPost } from "./reporter.ts";
import type { RepoPlace } from "./repo.ts";

export interface PostOptions {
  readonly place: RepoPlace;
  readonly token: string;
  /** SLIPWAY_FORGE_API */
  readonly allowed?: string;
  /** `forge:` as it stands at a revision. */
  readonly setting: (revision: string) => Promise<ForgeSetting | undefined>;
  readonly state: StateDir;
  /** The outbox's file. */
  readonly outbox: string;
  readonly clock: Clock;
  readonly log: Log;
}

const maxOutboxBytes = 4 * 1024 * 1024;
const bindingFile = "forge.json";

/**
 * The forge that a revision says the repository stands on, and what waits to be told there; undefined where there is none,
 * or where its token belongs elsewhere. The same as before where nothing has changed.
 */
export function openPosts(
  options: PostOptions,
): (revision: string) => Promise<StatusPost | undefined> {
  const { place, allowed, token, state, clock, log } = options;
  const outboxFile = state.file(options.outbox, maxOutboxBytes);
  const binding = state.file(bindingFile, maxBindingBytes);
  let last:
    | { readonly revision: string; readonly key: string; readonly post: StatusPost | undefined }
    | undefined;
  let remote: Promise<string> | undefined;
  const open = async (found: Detected): Promise<StatusPost | undefined> => {
    const refuse = (why: string): undefined => {
      log.warn(`no commit statuses: ${why}`);
    };
    if ("why" in found) return refuse(found.why);
    const isAllowed = allowed !== undefined;
    const { refusal, warning } = await bindToken(binding, token, found.place.api, isAllowed);
    if (warning !== undefined) log.warn(warning);
    if (refusal !== undefined) return refuse(refusal);
    try {
      const forge = openForge(found.place, token);
      const opened = await openOutbox({
        forge,
        file: outboxFile,
        clock,
        place: `${found.place.api} ${found.place.repository}`,
      });
      if (opened.warning !== undefined) log.warn(opened.warning);
      return { forge, outbox: opened.outbox };
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error;
      return refuse(error.message);
    }
  };
  return async (revision) => {
    if (last?.revision === revision) return last.post;
    const setting = await options.setting(revision);
    const found = detectForge(await (remote ??= remoteOf(place)), setting, allowed);
    const key = JSON.stringify(found);
    const post = last?.key === key ? last.post : await open(found);
    last = { revision, key, post };
    return post;
  };
}

/** Why no statuses are sent, where that is not as it was meant. */
export async function silenceOf(options: {
  readonly place: RepoPlace;
  readonly token?: string;
  readonly allowed?: string;
  readonly setting: ForgeSetting | undefined;
  readonly stateDir: string;
}): Promise<string | undefined> {
  const { place, token, allowed, setting, stateDir } = options;
  const found = detectForge(await remoteOf(place), setting, allowed);
  if ("why" in found) return token === undefined ? undefined : found.why;
  if (allowed !== undefined) return undefined;
  const file: JsonFile = jsonFile(`${stateDir}/${bindingFile}`, maxBindingBytes);
  return (await standingOf(file, token, found.place.api)).refusal;
}

/** Where a local clone came from; its own path where it came from nowhere. */
async function remoteOf({ isLocal, repo }: RepoPlace): Promise<string> {
  if (!isLocal) return repo;
  try {
    const { code, stdout } = await systemGit(repo, ["config", "--get", "remote.origin.url"]);
    return code === 0 && stdout.trim() !== "" ? stdout.trim() : repo;
  } catch (error) {
    if (error instanceof SourceError) return repo;
    throw error;
  }
}
