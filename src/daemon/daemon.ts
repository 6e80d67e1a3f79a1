import { orAbort } from "../lib/deadline.ts";
import { Stopped } from "../lib/stopped.ts";
import type { Address } from "../model/address.ts";
import type { Event } from "../model/events.ts";
import type { RevisionOutcome } from "../model/outcome.ts";
import { watchEngines } from "../observe/watch.ts";
import type { World } from "../pass/world.ts";
import { reconcile } from "../reconcile.ts";
import { SourceError } from "../source/source.ts";
import { openAside, type AsideWork } from "./aside.ts";
import { lookAgainAt } from "./backoff.ts";
import { createBell } from "./bell.ts";
import { headReader } from "./head.ts";
import { createHearing } from "./hearing.ts";
import { countHeals, noHeals, suspended } from "./heals.ts";

export interface DaemonOptions {
  /** Between two looks at the branch. */
  readonly intervalMs: number;
  /** Between two looks at all machines when nothing was heard of them. */
  readonly observeEveryMs?: number;
  /** Aborted to stop. */
  readonly signal: AbortSignal;
  readonly log: (level: "info" | "warn" | "error", text: string) => void;
  /** Done between passes. */
  readonly aside?: AsideWork;
  /** Between 0 and 1; spreads controllers that started together. */
  readonly random?: () => number;
}

const observeEveryMsDefault = 5 * 60_000;
/** A burst of events is one drift. */
const settleMs = 150;

type Cause = RevisionOutcome["cause"];

/** Follows the branch and the machines until told to stop: one pass at a time, the newest revision wins. */
export async function runDaemon(world: World, options: DaemonOptions): Promise<void> {
  const { signal, log } = options;
  const random = options.random ?? Math.random;
  const observeEveryMs = options.observeEveryMs ?? observeEveryMsDefault;
  const bell = createBell();
  const readHead = headReader(world.source, log);
  const { clock } = world;
  const hearing = createHearing();
  const aside = openAside(options.aside, log);
  let heals = noHeals;
  const watch = watchEngines(world.remote, clock, (event) => {
    hearing.hear(event);
    bell.ring();
  });
  const healed: Address[] = [];
  let isHealing = false;
  const heardWorld: World = {
    ...world,
    onTargets: (targets, fleet) => {
      hearing.look();
      watch.follow(targets, fleet);
    },
    listener: (event: Event) => {
      if (event.type === "change-started" && isHealing)
        for (const cause of hearing.causes()) log("info", cause);
      if (event.type === "change-done") healed.push(event.address);
      world.listener(event);
    },
  };
  const refs = await world.source.watch(() => bell.ring());
  let last:
    | { readonly head: string; readonly outcome: RevisionOutcome; readonly atMs: number }
    | undefined;
  let attempt = 0;
  let retryAtMs: number | undefined;
  let certifyAtMs: number | undefined;
  try {
    while (!signal.aborted) {
      const read = await unlessStopped(readHead(), signal);
      if (read === undefined || signal.aborted) break;
      // Without the repository what it said last is kept up; what it no longer says is not, and drift may be another's deploy.
      const kept = read.state === "rewritten" ? undefined : last?.head;
      const head = read.state === "known" ? read.head : kept;
      const now = clock.now();
      const cause = causeNow(head, now);
      if (cause !== undefined && head !== undefined) {
        aside.giveWay();
        if (hearing.isNews()) await clock.sleep(settleMs, signal).catch(() => undefined);
        isHealing = cause === "drift";
        healed.length = 0;
        const outcome = await passOver(head, cause);
        if (signal.aborted) break;
        hearing.passEnded();
        if (outcome !== undefined) {
          if (cause === "drift") heals = countHeals(heals, healed, clock.now());
          if (last === undefined)
            await unlessStopped(world.reporter.resume(outcome.fleet, head), signal);
          attempt = last?.head === head && outcome.outcome === "incomplete" ? attempt + 1 : 0;
          retryAtMs = lookAgainAt(outcome, attempt, random(), clock.now());
          certifyAtMs = world.issuer?.againMs();
          last = { head, outcome, atMs: clock.now() };
        } else {
          retryAtMs = clock.now() + options.intervalMs;
        }
      }
      if (last !== undefined && read.state === "known" && read.head === last.head)
        aside.begin(last.head, last.outcome);
      const untilMs = Math.min(
        retryAtMs ?? Number.POSITIVE_INFINITY,
        certifyAtMs ?? Number.POSITIVE_INFINITY,
        clock.now() + options.intervalMs * (1 + random() * 0.1),
      );
      await bell.wait(Math.max(10, untilMs - clock.now()), signal);
    }
  } finally {
    aside.giveWay();
    watch.close();
    await refs.close();
  }

  function causeNow(head: string | undefined, now: number): Cause | undefined {
    if (last === undefined || (head !== undefined && head !== last.head)) return "commit";
    if (hearing.isNews()) return "drift";
    if (retryAtMs !== undefined && now >= retryAtMs) return "retry";
    // An authority may be asked again.
    if (certifyAtMs !== undefined && now >= certifyAtMs) return "drift";
    return now - last.atMs >= observeEveryMs ? "drift" : undefined;
  }

  async function passOver(head: string, cause: Cause): Promise<RevisionOutcome | undefined> {
    const preempt = new AbortController();
    const stopWith = (): void => preempt.abort(new Stopped());
    signal.addEventListener("abort", stopWith, { once: true });
    const lookout = lookOut(head, preempt);
    try {
      return await reconcile(heardWorld, {
        revision: head,
        retry: [],
        cause,
        preempt: preempt.signal,
        suspended: suspended(heals, clock.now()),
      });
    } catch (error) {
      if (error instanceof Stopped) return undefined;
      if (!(error instanceof SourceError)) throw error;
      log("warn", `the repository: ${error.message}`);
      return undefined;
    } finally {
      signal.removeEventListener("abort", stopWith);
      lookout.stop();
    }
  }

  /** While a pass runs, a newer revision asks it to make room. */
  function lookOut(head: string, preempt: AbortController): { stop(): void } {
    const stop = new AbortController();
    const look = async (): Promise<void> => {
      while (!stop.signal.aborted && !preempt.signal.aborted) {
        await clock.sleep(Math.min(options.intervalMs, 2_000), stop.signal).catch(() => undefined);
        if (stop.signal.aborted) return;
        const now = await readHead();
        if (now.state === "known" && now.head !== head) {
          log("info", `${now.head.slice(0, 8)} takes over from ${head.slice(0, 8)}`);
          preempt.abort(now.head);
        }
      }
    };
    void look();
    return { stop: () => stop.abort() };
  }
}

/** Undefined as soon as it is told to stop: what was begun then ends unheard, with its connection. */
const unlessStopped = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  await orAbort(work, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
