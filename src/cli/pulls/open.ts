import type { AsideWork } from "../../daemon/aside.ts";
import type { Documents } from "../../model/documents.ts";
import type { World } from "../../pass/world.ts";
import type { Log } from "../../report/log.ts";
import { newestReadable } from "../look.ts";
import type { OpenReporter } from "../reporter.ts";
import { planPull } from "./plan-pull.ts";
import { openPulls } from "./pulls.ts";

export interface PullsWish {
  readonly branch: string;
  readonly intervalMs: number;
  readonly plansForks: boolean;
  readonly log: Log;
}

/** Plans pull requests with what the passes work with. */
export function pullsOver(world: World, reporter: OpenReporter, wish: PullsWish): AsideWork {
  const silently: World = { ...world, listener: () => undefined };
  let last: { readonly head: string; readonly documents: Documents | undefined } | undefined;
  return openPulls({
    ...wish,
    clock: world.clock,
    forgeAt: async (head) => await reporter.forge(head),
    say: async (head, statuses) => await reporter.say(head, statuses),
    documentsAt: async (head) => {
      if (last?.head !== head)
        last = { head, documents: (await newestReadable(silently)).revision?.documents };
      return last.documents;
    },
    plan: async (branch, pull, limit) => await planPull(silently, branch, pull, limit),
  });
}
