import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PlannedPull } from "../../../src/cli/pulls/plan-pull.ts";
import { openPulls, type PullsOptions } from "../../../src/cli/pulls/pulls.ts";
import { type Forge, ForgeError, type PullRequest } from "../../../src/forges/forge.ts";
import type { Documents } from "../../../src/model/documents.ts";
import type { RevisionOutcome } from "../../../src/model/outcome.ts";
import { SourceError } from "../../../src/source/source.ts";

const sha = (n: number): string => n.toString(16).padStart(40, "0");
const pull = (number: number, more: Partial<PullRequest> = {}): PullRequest => ({
  number,
  head: sha(number),
  isFork: false,
  ...more,
});
const minute = 60_000;
const fine: PlannedPull = { state: "success", text: "no changes", markdown: "a plan" };
const outcome = { held: [] } as unknown as RevisionOutcome;

/** A forge, plans and time, all in the test's hand. */
class Play {
  open: readonly PullRequest[] = [];
  nowMs = 1_000_000_000_000;
  /** What happened, in order. */
  readonly seen: string[] = [];
  lists = 0;
  listing: (() => Promise<readonly PullRequest[]>) | undefined;
  planning: (head: string) => Promise<PlannedPull> = () => Promise.resolve(fine);
  commenting: (number: number) => Promise<void> = () => Promise.resolve();
  readonly warnings: string[] = [];
  readonly look: ReturnType<typeof openPulls>;

  constructor(more: Partial<PullsOptions> = {}) {
    const forge: Partial<Forge> = {
      limits: { description: 140, context: 255, comment: 65_536 },
      pulls: async () => {
        this.lists += 1;
        return await (this.listing?.() ?? Promise.resolve(this.open));
      },
      list: () => Promise.resolve([]),
      comments: () => Promise.resolve([]),
      comment: async (number) => {
        await this.commenting(number);
        this.seen.push(`#${number} comment`);
      },
    };
    const warn = (text: string): void => void this.warnings.push(text);
    this.look = openPulls({
      branch: "main",
      intervalMs: minute,
      plansForks: false,
      clock: { now: () => this.nowMs, sleep: () => Promise.reject(new Error("nobody sleeps")) },
      log: { debug: warn, info: warn, warn, error: warn },
      forgeAt: () => Promise.resolve(forge as Forge),
      say: (_, statuses) => {
        for (const s of statuses)
          this.seen.push(`${parseInt(s.revision, 16)} ${s.state}: ${s.description}`);
        return Promise.resolve();
      },
      documentsAt: () => Promise.resolve({ fleet: "acme" } as Documents),
      plan: async (_, { head }) => await this.planning(head),
      ...more,
    });
  }

  /** What is said in one look, `laterMs` after the one before. */
  async says(laterMs = 0, base = "b".repeat(40)): Promise<readonly string[]> {
    this.nowMs += laterMs;
    const from = this.seen.length;
    await this.look(base, outcome, new AbortController().signal);
    return this.seen.slice(from);
  }
}

const all = (n: number): readonly string[] => [
  `${n} pending: planning`,
  `${n} success: no changes`,
  `#${n} comment`,
];

describe("when pull requests are planned", () => {
  test("each once, until its head or the branch is new", async () => {
    const play = new Play();
    play.open = [pull(1), pull(2)];
    assert.deepEqual(await play.says(), [...all(1), ...all(2)]);
    assert.deepEqual(await play.says(minute), []);
    play.open = [pull(2, { head: sha(3) }), pull(1)];
    assert.deepEqual(await play.says(minute), [
      "3 pending: planning",
      "3 success: no changes",
      "#2 comment",
    ]);
    // The light stays on while it is looked at again.
    const again = await play.says(0, "c".repeat(40));
    assert.deepEqual(
      again.filter((s) => s.includes("pending")),
      [],
    );
    assert.equal(again.length, 4);
  });

  test("the forge is asked for what is open at most once an interval", async () => {
    const play = new Play();
    for (let i = 0; i < 10; i += 1) await play.says(minute / 5);
    assert.equal(play.lists, 2);
  });

  test("not more than fifty, and that is told once", async () => {
    const play = new Play();
    play.open = Array.from({ length: 60 }, (_, i) => pull(i + 1));
    assert.equal((await play.says()).filter((s) => s.includes("success")).length, 50);
    await play.says(minute);
    assert.equal(play.warnings.length, 1);
  });

  test("one that gave way to a pass is begun anew, and the rest comes after it", async () => {
    const play = new Play();
    play.open = [pull(1), pull(2)];
    const signal = new AbortController();
    play.planning = () => {
      signal.abort();
      return new Promise(() => undefined);
    };
    await play.look("b".repeat(40), outcome, signal.signal);
    assert.deepEqual(play.seen, ["1 pending: planning"]);
    play.planning = () => Promise.resolve(fine);
    assert.deepEqual(await play.says(), [...all(1), ...all(2)]);
    assert.deepEqual(play.warnings, []);
  });

  test("a plan that takes too long is trouble, and tried again ever more rarely", async () => {
    const play = new Play({ planMs: 1 });
    play.open = [pull(1), pull(2)];
    play.planning = (head) =>
      head === sha(1) ? new Promise(() => undefined) : Promise.resolve(fine);
    const failed = "1 error: no plan within 0.001 s";
    assert.deepEqual(await play.says(), ["1 pending: planning", failed, ...all(2)]);
    let tries = 0;
    for (let i = 0; i < 30; i += 1) tries += (await play.says(minute)).length;
    assert.ok(tries >= 3 && tries <= 15, `${tries} tries in half an hour`);
    play.planning = () => Promise.resolve(fine);
    assert.deepEqual(await play.says(10 * minute), all(1).slice(1));
  });

  test("what may pass by itself is looked at again, and told once while it does not", async () => {
    const play = new Play();
    play.open = [pull(1)];
    const clash: PlannedPull = { state: "failure", text: "both", markdown: "m", isPassing: true };
    play.planning = () => Promise.resolve(clash);
    await play.says();
    play.planning = () => Promise.resolve(fine);
    assert.deepEqual(await play.says(10 * minute), all(1).slice(1));
    assert.deepEqual(await play.says(10 * minute), []);
  });

  test("what stands in the way at the repository is told in the log alone", async () => {
    const play = new Play();
    play.open = [pull(1)];
    play.planning = () => Promise.reject(new SourceError("missing", "no commit in /home/ada"));
    const [, said] = await play.says();
    assert.match(said ?? "", /^1 error: its commits cannot be had/);
    assert.deepEqual(play.warnings, ["pull requests: #1: no commit in /home/ada"]);
  });

  test("a forge in trouble is left alone for a while, and that is told once", async () => {
    const play = new Play();
    play.open = [pull(1)];
    play.listing = () =>
      Promise.reject(new ForgeError("limited", "slow", { retryAfterMs: 600_000 }));
    for (let i = 0; i < 9; i += 1) await play.says(minute);
    assert.equal(play.lists, 1);
    play.listing = undefined;
    assert.deepEqual(await play.says(5 * minute), all(1));
    assert.deepEqual(play.warnings, ["pull requests: slow"]);
  });

  test("a comment that was lost is written later, without another plan", async () => {
    const play = new Play();
    play.open = [pull(1)];
    play.commenting = () => Promise.reject(new ForgeError("unavailable", "500"));
    assert.deepEqual(await play.says(), all(1).slice(0, 2));
    play.commenting = () => Promise.resolve();
    assert.deepEqual(await play.says(minute), ["#1 comment"]);
  });

  test("a token that may not comment holds no other up", async () => {
    const play = new Play();
    play.open = [pull(1), pull(2)];
    play.commenting = () => Promise.reject(new ForgeError("denied", "403"));
    assert.deepEqual(await play.says(), [...all(1).slice(0, 2), ...all(2).slice(0, 2)]);
    assert.deepEqual(play.warnings, ["pull requests: no comment on #1: 403"]);
  });

  const forks: readonly (readonly [string, readonly PullRequest[], boolean, RegExp])[] = [
    ["is not planned", [pull(1, { isFork: true })], false, /^1 error: from a fork/],
    ["is planned where that is wished", [pull(1, { isFork: true })], true, /^1 success/],
    [
      "is planned where its head is in a branch here too",
      [pull(1, { isFork: true }), pull(2, { head: sha(1) })],
      false,
      /^1 success/,
    ],
  ];
  for (const [what, open, plansForks, wanted] of forks) {
    test(`a fork ${what}`, async () => {
      const play = new Play({ plansForks });
      let planned = 0;
      play.planning = () => {
        planned += 1;
        return Promise.resolve(fine);
      };
      play.open = open;
      const said = (await play.says()).find((one) => !one.includes("pending"));
      assert.match(said ?? "", wanted);
      assert.equal(planned > 0, wanted.source.includes("success"));
      assert.deepEqual((await play.says(minute)).length, 0);
    });
  }
});
