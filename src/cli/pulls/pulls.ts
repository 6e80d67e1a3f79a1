import type { AsideWork } from "../../daemon/aside.ts";
import { pauseMs } from "../../forges/backoff.ts";
import { type CommitStatus, type Forge, ForgeError, type PullRequest } from "../../forges/forge.ts";
import { keepComment } from "../../forges/one-comment.ts";
import { isPlanned, planStatus, type Result } from "../../forges/statuses.ts";
import type { Clock } from "../../lib/clock.ts";
import { startDeadline, DeadlinePassed, orAbort } from "../../lib/deadline.ts";
import type { Log } from "../../report/log.ts";
import { planMarker } from "../../report/markdown.ts";
import { SourceError } from "../../source/source.ts";
import { standingKey } from "./verdict.ts";
import type { Branch, PlannedPull } from "./plan-pull.ts";

export interface PullsOptions {
  /** The branch that is followed. */
  readonly branch: string;
  /** Between two questions for what is open. */
  readonly intervalMs: number;
  /** Of one plan; default 2 min. */
  readonly planMs?: number;
  /** Also plan what comes from forks. */
  readonly plansForks: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Where statuses and comments go, by what the branch's head says; undefined where nowhere. */
  readonly forgeAt: (head: string) => Promise<Forge | undefined>;
  /** Brings statuses there, also after a crash. */
  readonly say: (head: string, statuses: readonly CommitStatus[]) => Promise<void>;
  /** What may be asked, as the branch declares it at or before its head; undefined where nothing of it can be read. */
  readonly documentsAt: (head: string) => Promise<Branch["documents"] | undefined>;
  readonly plan: (branch: Branch, pull: PullRequest, commentLimit: number) => Promise<PlannedPull>;
}

/** The others wait until these are merged or closed. */
const mostPulls = 50;
const usualPlanMs = 120_000;
const longestWaitMs = 600_000;

/** What was said of one pull request, and what is still to be. */
interface Said {
  readonly head: string;
  /** What it was planned for. */
  readonly base: string;
  /** Still to be written. */
  readonly markdown?: string;
  readonly tries: number;
  /** When to look again at what may be something else by then. */
  readonly dueAt?: number;
}

/**
 * Plans the open pull requests against the branch, one at a time: each when its head or the branch is new, and again
 * after trouble. Remembers nothing that the forge could not be asked for.
 */
export function openPulls(options: PullsOptions): AsideWork {
  const { clock, log } = options;
  const said = new Map<number, Said>();
  let open: readonly PullRequest[] = [];
  let listAt = 0;
  let quietUntil = 0;
  let failures = 0;
  let told = "";
  let isCutTold = false;
  let isDenialTold = false;

  const list = async (forge: Forge, signal: AbortSignal): Promise<void> => {
    if (clock.now() < listAt) return;
    listAt = clock.now() + options.intervalMs;
    const all = await forge.pulls(options.branch, signal);
    open = all.slice(0, mostPulls);
    if (all.length > mostPulls && !isCutTold)
      log.warn(
        `pull requests: more than ${mostPulls} are open; those not touched for longest wait`,
      );
    isCutTold = all.length > mostPulls;
    const numbers = new Set(open.map((pull) => pull.number));
    for (const number of said.keys()) if (!numbers.has(number)) said.delete(number);
  };

  const visit = async (
    forge: Forge,
    branch: Branch,
    pull: PullRequest,
    signal: AbortSignal,
  ): Promise<void> => {
    const { number, head } = pull;
    const { fleet } = branch.documents;
    const tell = async (result: Result): Promise<void> => {
      const { description: descriptionLimit } = forge.limits;
      await options.say(branch.head, [planStatus(fleet, head, result, { descriptionLimit })]);
    };
    const before = said.get(number);
    const isNew = before?.head !== head;
    if (isNew || before.base !== branch.head || isDue(before)) {
      if (isNew && mayPlan(pull) && !(await isSaid(forge, fleet, head, signal)))
        await tell(planning);
      const found = await planned(forge, branch, pull, signal);
      signal.throwIfAborted();
      await tell(found);
      const isPassing = found.isPassing ?? (found.state === "error" && mayPlan(pull));
      const tries = isPassing && !isNew ? before.tries + 1 : 1;
      const waitMs = Math.min(longestWaitMs, options.intervalMs + pauseMs(tries));
      said.set(number, {
        head,
        base: branch.head,
        tries,
        ...(found.markdown === undefined ? {} : { markdown: found.markdown }),
        ...(isPassing ? { dueAt: clock.now() + waitMs } : {}),
      });
    }
    await comment(forge, fleet, number, signal);
  };

  const comment = async (
    forge: Forge,
    fleet: string,
    number: number,
    signal: AbortSignal,
  ): Promise<void> => {
    const { markdown, ...rest } = said.get(number) ?? {};
    if (markdown === undefined) return;
    try {
      const marker = planMarker(fleet);
      await keepComment(forge, number, { marker, body: markdown }, signal);
    } catch (error) {
      if (!(error instanceof ForgeError) || isForAll(error)) throw error;
      // A token may be good for statuses alone.
      const isNews = error.trouble !== "denied" || !isDenialTold;
      if (isNews) log.warn(`pull requests: no comment on #${number}: ${error.message}`);
      if (error.trouble === "denied") isDenialTold = true;
    }
    said.set(number, rest as Said);
  };

  /** Of a head that is in this repository as well nobody has to be afraid. */
  const mayPlan = (pull: PullRequest): boolean =>
    options.plansForks || open.some((p) => p.head === pull.head && !p.isFork);

  const planned = async (
    forge: Forge,
    branch: Branch,
    pull: PullRequest,
    signal: AbortSignal,
  ): Promise<Result & Partial<PlannedPull>> => {
    if (!mayPlan(pull)) return { state: "error", text: fromFork };
    const limitMs = options.planMs ?? usualPlanMs;
    const deadline = startDeadline(limitMs, signal);
    try {
      const planning = options.plan(branch, pull, forge.limits.comment);
      return await orAbort(planning, deadline.signal);
    } catch (error) {
      if (error instanceof DeadlinePassed)
        return { state: "error", text: `no plan within ${limitMs / 1000} s` };
      if (!(error instanceof SourceError)) throw error;
      // It may name what is only known here.
      log.warn(`pull requests: #${pull.number}: ${error.message}`);
      return { state: "error", text: unread };
    } finally {
      deadline.end();
    }
  };

  const isDue = ({ dueAt }: Said): boolean => dueAt !== undefined && dueAt <= clock.now();

  return async (head, outcome, signal) => {
    if (clock.now() < quietUntil) return;
    try {
      const forge = await options.forgeAt(head);
      if (forge === undefined) return;
      await list(forge, signal);
      if (open.length === 0) return;
      const documents = await options.documentsAt(head);
      if (documents === undefined) return;
      const standing = new Set(outcome.held.map(standingKey));
      const branch = { name: options.branch, head, documents, standing };
      for (const pull of open) {
        signal.throwIfAborted();
        await visit(forge, branch, pull, signal);
      }
      failures = 0;
      told = "";
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ForgeError || error instanceof SourceError)) throw error;
      failures += 1;
      quietUntil = clock.now() + pauseMs(failures, error instanceof ForgeError ? error : undefined);
      if (error.message !== told) log.warn(`pull requests: ${error.message}`);
      told = error.message;
    }
  };
}

const planning: Result = { state: "pending", text: "planning" };

const unread = "its commits cannot be had from the repository; the log of `slipway run` says why";

const fromFork =
  "from a fork, so nothing of it was read: push it to a branch here, or run with --plan-forks";

/** What stands in the way of this comment stands in the way of all that is to be said. */
const isForAll = ({ trouble }: ForgeError): boolean =>
  trouble === "unavailable" || trouble === "limited";

/** A plan of that head ended before: it is looked at again without putting its light out. */
async function isSaid(
  forge: Forge,
  fleet: string,
  head: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const before = await forge.list(head, signal);
    return before.some(
      (s) => isPlanned(s) && s.context.split("/")[1] === fleet && s.state !== "pending",
    );
  } catch (error) {
    if (error instanceof ForgeError && error.trouble === "missing") return false;
    throw error;
  }
}
