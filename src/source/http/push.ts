import fs from "node:fs";
import { push } from "isomorphic-git";
import { lostRace, setRef } from "../git/refs.ts";
import { isCoded } from "../git/coded.ts";
import { ObjectError } from "../git/objects.ts";
import { SourceError } from "../source.ts";
import type { Transport } from "./transport.ts";
import { troubleWithServer } from "./trouble.ts";
import { cutAtWord, printableLine } from "../../lib/text.ts";

export interface PushedRef {
  /** On the server: `refs/heads/main`. */
  readonly ref: string;
  /** Where it must stand until then; undefined: it must not be there yet. */
  readonly expected: string | undefined;
  readonly commit: string;
}

const nothing = "0".repeat(40);
const outgoing = "refs/slipway/outgoing";

/**
 * Compare and swap: the server is told the old value too, and refuses when it changed since. Throws `moved` then,
 * `denied` when it may not be pushed, `unreachable` when it is not known how it ended.
 */
export async function pushRef(
  transport: Transport,
  gitdir: string,
  pushed: PushedRef,
): Promise<void> {
  await setRef(gitdir, outgoing, pushed.commit);
  const exchange = transport.begin();
  const said: string[] = [];
  try {
    await push({
      fs,
      http: exchange,
      gitdir,
      url: transport.url,
      headers: { ...transport.headers },
      remote: "origin",
      ref: outgoing,
      remoteRef: pushed.ref,
      force: true, // whether it is a fast-forward was settled when the commit was made on `expected`
      onPrePush: ({ remoteRef }) => {
        const there = remoteRef.oid === nothing ? undefined : remoteRef.oid;
        if (there !== pushed.expected) throw moved(transport.url, pushed.ref);
        return true;
      },
      onMessage: (line) => void said.push(line),
    });
  } catch (error) {
    throw exchange.failure() ?? troubleWithPush(transport.url, pushed, error, said);
  }
  const cutShort = exchange.failure();
  if (cutShort !== undefined) throw cutShort;
}

const moved = (url: string, ref: string): SourceError =>
  new SourceError("moved", `${ref} at ${url} was pushed to by somebody else in the meantime`);

function troubleWithPush(
  url: string,
  { ref, commit }: PushedRef,
  error: unknown,
  said: readonly string[],
): Error {
  if (!isCoded(error, "GitPushError")) {
    return troubleWithServer(url, error) ?? new ObjectError(commit, false, { cause: error });
  }
  const text = error instanceof Error ? cutAtWord(printableLine(error.message), 500) : "";
  if (lostRace.test(text)) return moved(url, ref);
  const remarks = cutAtWord(printableLine(said.join(" ")), 500);
  const all = `${url} refused ${ref}: ${text}${remarks === "" ? "" : ` (${remarks})`}`;
  return new SourceError("denied", all, { cause: error });
}
