import { setTimeout as pause } from "node:timers/promises";
import { lostRace, moveRef, readRef } from "../git/refs.ts";
import {
  mergeNotes,
  noNotes,
  type NotesTree,
  readNotesTree,
  sameNotes,
  writeNotesCommit,
} from "../git/notes-tree.ts";
import type { Objects } from "../git/objects.ts";
import { type NoteWritten, SourceError } from "../source.ts";
import { notesRef } from "../store.ts";
import { type GitResult, systemGit } from "./system-git.ts";
import type { Upstream } from "./upstream.ts";

export interface Clone {
  readonly objects: Objects;
  readonly workTree: string;
  /** Tried where git's own logins are refused. */
  readonly token?: string;
  /** For one run of git. */
  readonly timeoutMs: number;
}

/** Brings a clone's notes to the remote that its branch tracks. */
export interface SharedNotes {
  share(upstream: Upstream): Promise<NoteWritten>;
}

const tries = 12;
const pauseMs = 40;
/** A remote that does not answer is left alone for so long. */
const quietMs = 60_000;

/**
 * By the git command, which knows the logins of whoever owns the clone. Compare and swap: the remote must still have what
 * it had when last seen, else what it has by now is fetched and merged.
 */
export function shareNotes({ objects, workTree, token, timeoutMs }: Clone): SharedNotes {
  const { gitdir } = objects;
  let login: Readonly<Record<string, string>> = {};
  let quiet: { readonly untilMs: number; readonly why: string } | undefined;

  /** As the owner of the clone would; where that is refused, with the token. */
  const git = async (remote: string, argv: readonly string[]): Promise<GitResult> => {
    const options = { timeoutMs, isAlone: true };
    const ran = await systemGit(workTree, argv, { ...options, env: login });
    if (ran.code === 0 || token === undefined || !isLoginMissing.test(ran.stderr)) return ran;
    const more = await loginFor(workTree, remote, token);
    if (more === undefined) return ran;
    const again = await systemGit(workTree, argv, { ...options, env: more });
    if (again.code === 0) login = more;
    return again;
  };

  /** What the remote has now; undefined where it has no notes. */
  const fetch = async (remote: string): Promise<string | undefined> => {
    const fetched = `refs/slipway/fetched/${remote}`;
    const ran = await git(remote, [
      "fetch",
      "--quiet",
      "--no-tags",
      "--no-recurse-submodules",
      "--no-write-fetch-head",
      // Else the owner's own refspecs would move other refs along.
      "--refmap=",
      "--",
      remote,
      `+${notesRef}:${fetched}`,
    ]);
    objects.forgetPacks();
    if (ran.code === 0) return await readRef(gitdir, fetched);
    if (!/couldn't find remote ref/i.test(ran.stderr)) throw trouble("fetch", remote, ran);
    return undefined;
  };

  const push = async (remote: string, commit: string, expected = ""): Promise<void> => {
    const ran = await git(remote, [
      "push",
      "--quiet",
      "--no-verify",
      "--no-signed",
      "--no-follow-tags",
      "--recurse-submodules=no",
      `--force-with-lease=${notesRef}:${expected}`,
      "--",
      remote,
      `${commit}:${notesRef}`,
    ]);
    if (ran.code !== 0) throw trouble("push", remote, ran);
  };

  /** Ours on top of theirs, as the clone's own notes from now on. */
  const combined = async (
    base: string | undefined,
    theirs: string | undefined,
  ): Promise<string> => {
    const ours = await readRef(gitdir, notesRef);
    const moved = new SourceError("moved", `${notesRef} in ${gitdir} has moved`);
    if (ours === undefined) throw moved;
    if (ours === theirs || theirs === undefined) return ours;
    if (base === theirs && (await objects.links(ours)).parents.includes(theirs)) return ours;
    const tree = async (commit: string | undefined): Promise<NotesTree> =>
      commit === undefined ? noNotes : await readNotesTree(objects, commit);
    const merged = await mergeNotes(
      objects,
      await tree(base),
      await tree(ours),
      await tree(theirs),
    );
    const commit = sameNotes(merged, await tree(theirs))
      ? theirs
      : await writeNotesCommit(objects, merged, [theirs]);
    if (!(await moveRef(gitdir, notesRef, ours, commit))) throw moved;
    return commit;
  };

  const attempt = async (remote: string, isFirst: boolean): Promise<void> => {
    const known = knownRef(remote);
    const base = await readRef(gitdir, known);
    const theirs = isFirst ? base : await fetch(remote);
    const commit = await combined(base, theirs);
    if (commit !== theirs) await push(remote, commit, theirs);
    // Another process that moved it just now knows as much.
    if (commit !== base) await moveRef(gitdir, known, base, commit);
  };

  return {
    share: async ({ remote }) => {
      const advice = `kept in ${workTree}; \`git push ${remote} ${notesRef}\` shares it`;
      if (quiet !== undefined && performance.now() < quiet.untilMs)
        return { pushed: false, why: quiet.why };
      for (let round = 0; ; round += 1) {
        try {
          await attempt(remote, round === 0);
          return { pushed: true };
        } catch (error) {
          if (!(error instanceof SourceError)) throw error;
          const why = `${advice} (${error.message})`;
          if (error.trouble === "unreachable")
            quiet = { untilMs: performance.now() + quietMs, why };
          if (error.trouble !== "moved" || round >= tries) return { pushed: false, why };
        }
        await pause(Math.random() * pauseMs * (round + 1));
      }
    },
  };
}

/** What the remote had when it was last made part of ours: what differs from it was written here since. */
const knownRef = (remote: string): string => `refs/slipway/notes/${remote}`;

const isLoginMissing =
  /could not read (Username|Password)|Authentication failed|returned error: 40[13]/i;

function trouble(verb: string, remote: string, { stderr }: GitResult): SourceError {
  const kind = lostRace.test(stderr) ? "moved" : "denied";
  return new SourceError(kind, `git ${verb} ${remote} failed: ${stderr}`);
}

/** The token as a header for that server alone, in the environment, where no list of processes shows it. */
async function loginFor(
  workTree: string,
  remote: string,
  token: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { stdout } = await systemGit(workTree, ["remote", "get-url", "--push", "--", remote]);
  const url = URL.parse(stdout.trim());
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const user = url.username === "" ? "x-access-token" : decodeURIComponent(url.username);
  const login = Buffer.from(`${user}:${token}`).toString("base64");
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${url.origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${login}`,
  };
}
