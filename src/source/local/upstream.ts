import fs from "node:fs";
import { getConfig } from "isomorphic-git";
import { readRef } from "../git/refs.ts";

/** What a local branch tracks. */
export interface Upstream {
  /** `origin` */
  readonly remote: string;
  /** The branch's name over there. */
  readonly branch: string;
  /** Where the last fetch left it: `refs/remotes/origin/main`. */
  readonly trackingRef: string;
  /** As people call it: `origin/main`. */
  readonly shown: string;
}

/** By the branch's configuration, else `origin`'s branch of the same name, where it was ever fetched. */
export async function upstreamOf(gitdir: string, branch: string): Promise<Upstream | undefined> {
  const text = async (path: string): Promise<string | undefined> => {
    const value: unknown = await getConfig({ fs, gitdir, path });
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const remote = (await text(`branch.${branch}.remote`)) ?? "origin";
  const merge = (await text(`branch.${branch}.merge`)) ?? `refs/heads/${branch}`;
  const name = merge.replace(/^refs\/heads\//, "");
  const trackingRef = remote === "." ? merge : `refs/remotes/${remote}/${name}`;
  if (trackingRef === `refs/heads/${branch}` || (await readRef(gitdir, trackingRef)) === undefined)
    return undefined;
  return { remote, branch: name, trackingRef, shown: remote === "." ? name : `${remote}/${name}` };
}
