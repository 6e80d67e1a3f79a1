import { covers, type Address } from "../model/address.ts";
import type { CommitInfo } from "../model/snapshot.ts";

/** `Slipway-Allow: VERB ADDRESS` in a commit between the last applied one and this. */
export interface Allow {
  readonly verb: "delete" | "widen" | "reboot" | "destroy" | "thaw";
  readonly address: Address;
}

export interface Trailers {
  readonly allows: readonly Allow[];
  /** Of `Slipway-Retry: machine/…`. */
  readonly retried: readonly Address[];
  /** Families of `Slipway-Retry: app/X`, with the commit that asks. */
  readonly retries: readonly { readonly family: string; readonly revision: string }[];
}

const trailerLine = /^(Slipway-(?:Allow|Retry)):[ \t]*(.+?)[ \t]*$/i;
const verbs: readonly string[] = ["delete", "widen", "reboot", "destroy", "thaw"];

/** Trailers stand in the last paragraph of a message (git-interpret-trailers(1)); a lone title has none. */
export function trailersOf(commits: readonly CommitInfo[]): Trailers {
  const allows: Allow[] = [];
  const retries: { family: string; revision: string }[] = [];
  const retried: Address[] = [];
  for (const commit of commits) {
    for (const line of lastParagraph(commit.message)) {
      const match = trailerLine.exec(line);
      if (match === null) continue;
      const [, key = "", value = ""] = match;
      const words = value.split(/\s+/);
      if (key.toLowerCase() === "slipway-retry") {
        const family = /^app\/([a-z0-9-]+)$/.exec(words[0] ?? "")?.[1];
        if (/^machine\/[a-z0-9-]/.test(words[0] ?? "")) retried.push(words[0] ?? "");
        if (family !== undefined) retries.push({ family, revision: commit.revision });
      } else if (words.length === 2 && verbs.includes(words[0] ?? "")) {
        allows.push({ verb: words[0] as Allow["verb"], address: words[1] ?? "" });
      }
    }
  }
  return { allows, retries, retried };
}

function lastParagraph(message: string): readonly string[] {
  const paragraphs = message
    .trimEnd()
    .replaceAll("\r\n", "\n")
    .split(/\n[ \t]*\n/);
  return paragraphs.length < 2 ? [] : (paragraphs.at(-1)?.split("\n") ?? []);
}

/** Data goes only by the volume's address in full; everything else by any address that covers it. */
export const isAllowed = (
  allows: readonly Allow[],
  verb: Allow["verb"],
  address: Address,
): boolean =>
  allows.some(
    (a) =>
      a.verb === verb && (verb === "destroy" ? a.address === address : covers(a.address, address)),
  );
