import assert from "node:assert/strict";
import { type FileHandle, mkdtemp, open, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import fc from "fast-check";
import { closePending } from "../../src/forges/close-pending.ts";
import type { CommitStatus, StatusState } from "../../src/forges/forge.ts";
import { createGithub } from "../../src/forges/github.ts";
import { openOutbox, type Outbox } from "../../src/forges/outbox.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { type FileEffects, jsonFile } from "../../src/lib/json-file.ts";
import { type GithubDouble, startGithub } from "../support/github.ts";

const a = "a".repeat(40);
const b = "b".repeat(40);

const status = (
  state: StatusState,
  description: string,
  more: Partial<CommitStatus> = {},
): CommitStatus => ({
  revision: a,
  context: "slipway/acme",
  state,
  description,
  ...more,
});

/** A clock that jumps where it is asked to sleep. */
function jumpingClock(): Clock & { advance(ms: number): void } {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    advance: (ms) => {
      now += ms;
    },
  };
}

suite("outbox", () => {
  let github: GithubDouble;
  let folder: string;
  let clock: ReturnType<typeof jumpingClock>;
  beforeEach(async () => {
    github = await startGithub({ commits: [a, b] });
    folder = await mkdtemp(join(tmpdir(), "slipway-outbox-"));
    clock = jumpingClock();
  });
  afterEach(async () => {
    await github.close();
    await rm(folder, { recursive: true });
    assert.deepEqual(github.violations, []);
  });

  const file = (effects?: FileEffects) => jsonFile(join(folder, "outbox.json"), 1_000_000, effects);
  const forge = (wrapped = fetch) =>
    createGithub({
      repository: github.repository,
      api: github.api,
      token: github.token,
      fetch: wrapped,
      now: clock.now,
      timeoutMs: 10_000,
    });
  const opened = async (limit?: number): Promise<Outbox> =>
    (
      await openOutbox({
        forge: forge(),
        file: file(),
        clock,
        ...(limit === undefined ? {} : { limit }),
      })
    ).outbox;
  const said = (sha = a) =>
    github.statuses(sha).map((s) => `${s.context} ${s.state}: ${s.description}`);

  test("what is put is posted once, and read back", async () => {
    const outbox = await opened();
    await outbox.put([status("pending", "deploying")]);
    assert.deepEqual(await outbox.flush(), { posted: 1, waiting: 0, notes: [] });
    assert.deepEqual(await outbox.flush(), { posted: 0, waiting: 0, notes: [] });
    assert.deepEqual(said(), ["slipway/acme pending: deploying"]);
  });

  test("the newest of a revision and context wins", async () => {
    const outbox = await opened();
    await outbox.put([
      status("pending", "deploying"),
      status("pending", "looking", { revision: b }),
    ]);
    await outbox.put([status("success", "healthy")]);
    await outbox.flush();
    assert.deepEqual(said(a), ["slipway/acme success: healthy"]);
    assert.deepEqual(said(b), ["slipway/acme pending: looking"]);
  });

  test("only transitions are posted", async () => {
    const outbox = await opened();
    const sequence: readonly [StatusState, string, number][] = [
      ["pending", "deploying", 1],
      ["pending", "still deploying", 1],
      ["success", "healthy on web-1", 2],
      ["success", "nothing to do", 2],
      ["error", "web-1: unreachable", 3],
      ["error", "web-1: unreachable", 3],
      ["error", "web-1: disk full", 4],
      ["success", "healthy on web-1", 5],
    ];
    for (const [state, description, posts] of sequence) {
      await outbox.put([status(state, description)]);
      await outbox.flush();
      assert.equal(said().length, posts, `${state}: ${description}`);
    }
  });

  test("a plan that holds something else than before is news, also when both are green", async () => {
    const outbox = await opened();
    for (const description of ["no changes", "no changes", "1 change: 1 to create"]) {
      await outbox.put([{ ...status("success", description), context: "slipway/acme/plan" }]);
      await outbox.flush();
    }
    assert.deepEqual(said(), [
      "slipway/acme/plan success: no changes",
      "slipway/acme/plan success: 1 change: 1 to create",
    ]);
  });

  test("descriptions that the forge cuts are recognised when read back", async () => {
    const outbox = await opened();
    await outbox.put([status("failure", "word ".repeat(100))]);
    assert.equal((await outbox.flush()).posted, 1);
    await outbox.put([status("failure", "word ".repeat(100))]);
    await outbox.flush();
    assert.equal(said().length, 1);
  });

  test("a write that was taken and never answered is not repeated", async () => {
    const outbox = await opened();
    await outbox.put([status("success", "healthy")]);
    github.fail({ kind: "dropped-after" }, "POST");
    const first = await outbox.flush();
    assert.equal(first.trouble?.trouble, "unavailable");
    assert.equal(first.waiting, 1);
    clock.advance((first.nextAtMs ?? 0) - clock.now());
    assert.equal((await outbox.flush()).waiting, 0);
    assert.equal(said().length, 1);
  });

  test("back-off doubles to its cap while the forge is down, and nothing is asked in between", async () => {
    const outbox = await opened();
    await outbox.put([status("success", "healthy"), status("success", "healthy", { revision: b })]);
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      github.fail({ kind: "status", status: 503 });
      const { nextAtMs = 0 } = await outbox.flush();
      waits.push(nextAtMs - clock.now());
      const before = github.requests.length;
      await outbox.flush();
      assert.equal(github.requests.length, before);
      clock.advance(nextAtMs - clock.now());
    }
    assert.deepEqual(waits.slice(0, 4), [1000, 2000, 4000, 8000]);
    assert.equal(waits.at(-1), 300_000);
  });

  test("a rate limit is kept to, also by the next process", async () => {
    const outbox = await opened();
    await outbox.put([status("success", "healthy")]);
    github.fail({ kind: "status", status: 403, headers: { "retry-after": "1800" } });
    await outbox.flush();
    const next = await opened();
    const requests = github.requests.length;
    clock.advance(1_799_000);
    await next.flush();
    assert.equal(github.requests.length, requests);
    clock.advance(1000);
    assert.equal((await next.flush()).posted, 1);
  });

  test("a commit that the forge does not know holds up no other, and is given up after a day", async () => {
    const outbox = await opened();
    const late = "c".repeat(40);
    await outbox.put([
      status("success", "healthy", { revision: late }),
      status("success", "healthy"),
    ]);
    const first = await outbox.flush();
    assert.deepEqual([first.posted, first.waiting, first.trouble], [1, 1, undefined]);
    clock.advance(25 * 3_600_000);
    const last = await outbox.flush();
    assert.equal(last.waiting, 0);
    assert.match(last.notes.join(), /gave up slipway\/acme success on cccccccc/);
  });

  test("a commit that is pushed later gets its status then", async () => {
    const outbox = await opened();
    const late = "c".repeat(40);
    await outbox.put([status("success", "healthy", { revision: late })]);
    await outbox.flush();
    github.addCommit(late);
    assert.deepEqual(await outbox.drain(60_000), { posted: 1, waiting: 0, notes: [] });
  });

  test("what the forge refuses is given up and said", async () => {
    const outbox = await opened();
    await outbox.put([status("success", "healthy")]);
    github.fail({ kind: "status", status: 422, body: { message: "Validation Failed" } }, "POST");
    const flushed = await outbox.flush();
    assert.equal(flushed.waiting, 0);
    assert.match(flushed.notes.join(), /gave up .* Validation Failed/);
  });

  test("it holds at most its limit, and says what left", async () => {
    const outbox = await opened(3);
    const many = ["a", "b", "c", "d", "e"].map((n) =>
      status("pending", "deploying", { context: `slipway/acme/${n}` }),
    );
    const left = await outbox.put(many);
    assert.deepEqual(
      left.map((s) => s.context),
      ["slipway/acme/a", "slipway/acme/b"],
    );
    assert.equal(outbox.waiting(), 3);
  });

  test("what is pending leaves before what is final: nobody misses the end of what never began", async () => {
    const outbox = await opened(2);
    const left = await outbox.put([
      status("success", "healthy", { context: "slipway/acme/a" }),
      status("pending", "deploying", { context: "slipway/acme/b" }),
      status("failure", "exited with 1", { context: "slipway/acme/c" }),
    ]);
    assert.deepEqual(
      left.map((s) => s.context),
      ["slipway/acme/b"],
    );
  });

  for (const code of [401, 403]) {
    test(`a token that is refused with ${code} is offered ever more rarely, and given up after a day`, async () => {
      const outbox = await opened();
      await outbox.put([status("success", "healthy")]);
      const waits: number[] = [];
      const notes: string[] = [];
      while (outbox.waiting() > 0 && waits.length < 100) {
        github.fail({ kind: "status", status: code });
        const flushed = await outbox.flush();
        notes.push(...flushed.notes);
        const { nextAtMs } = flushed;
        if (nextAtMs === undefined) break;
        waits.push((nextAtMs - clock.now()) / 60_000);
        clock.advance(nextAtMs - clock.now());
      }
      assert.deepEqual(waits.slice(0, 5), [1, 5, 25, 60, 60]);
      assert.equal(outbox.waiting(), 0);
      assert.ok(waits.length < 30, `${waits.length} tries`);
      assert.match(notes.join(), /gave up 1 that waited for a day: GitHub answered 40/);
    });
  }

  test("another token is tried at once by the next process", async () => {
    const outbox = await opened();
    await outbox.put([status("success", "healthy")]);
    github.fail({ kind: "status", status: 401 });
    const { nextAtMs = 0 } = await outbox.flush();
    assert.ok(nextAtMs > clock.now());
    assert.equal((await (await opened()).flush()).posted, 1);
  });

  test("a commit that the forge goes on not knowing is said once", async () => {
    const outbox = await opened();
    await outbox.put([status("success", "healthy", { revision: "c".repeat(40) })]);
    const { notes } = await outbox.drain(3_600_000);
    assert.deepEqual(notes, [
      "slipway/acme success on cccccccc waits: GitHub answered 404: Not Found",
    ]);
  });

  test("drain ends with its budget", async () => {
    const outbox = await opened();
    await outbox.put([status("success", "healthy")]);
    for (let i = 0; i < 10; i++) github.fail({ kind: "status", status: 500 });
    const drained = await outbox.drain(10_000);
    assert.deepEqual([drained.waiting, drained.trouble?.trouble], [1, "unavailable"]);
  });

  test("an aborted flush keeps what waits", async () => {
    const outbox = await opened();
    await outbox.put([status("success", "healthy")]);
    github.fail({ kind: "hang" });
    const flushed = await outbox.flush(AbortSignal.timeout(20));
    assert.deepEqual([flushed.waiting, flushed.trouble], [1, undefined]);
  });

  test("what waits for one forge is not told to another", async () => {
    const at = async (place: string) =>
      await openOutbox({ forge: forge(), file: file(), clock, place });
    await (await at("https://one acme/infra")).outbox.put([status("success", "healthy")]);
    assert.equal((await at("https://one acme/infra")).outbox.waiting(), 1);
    const { outbox, warning } = await at("https://two acme/infra");
    assert.equal(outbox.waiting(), 0);
    assert.match(warning ?? "", /^1 that waited for another forge/);
  });

  test("a damaged file is taken as empty, with a warning", async () => {
    await writeFile(join(folder, "outbox.json"), '{"version":1,"entr');
    const { outbox, warning } = await openOutbox({ forge: forge(), file: file(), clock });
    assert.equal(outbox.waiting(), 0);
    assert.match(warning ?? "", /outbox\.json is damaged/);
  });

  test("whatever is stored, opening it does not throw", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (stored) => {
        await writeFile(
          join(folder, "outbox.json"),
          JSON.stringify({ version: 1, entries: [stored, { status: stored }] }),
        );
        const { outbox } = await openOutbox({ forge: forge(), file: file(), clock });
        assert.equal(outbox.waiting(), 0);
      }),
      { numRuns: 50 },
    );
  });

  test("a crash at any step, before or after its effect, loses no status and repeats none", async () => {
    let steps = Infinity;
    for (let at = 0; at < steps; at++) {
      for (const when of ["before", "after"] as const) {
        const shas = ["1", "2"].map((n) =>
          `${n}${at}${when === "before" ? "0" : "1"}`.padEnd(40, "f"),
        );
        for (const sha of shas) github.addCommit(sha);
        const wanted = shas.flatMap((revision) => [
          status("success", "healthy", { revision }),
          status("failure", "exited with 1", { revision, context: "slipway/acme/shop" }),
        ]);
        await rm(join(folder, "outbox.json"), { force: true });
        const crash = crashing(at, when);
        const died = await openOutbox({
          forge: forge(crash.fetch),
          file: file(crash.effects),
          clock,
        })
          .then(async ({ outbox }) => {
            await outbox.put(wanted);
            crash.assertAlive();
            await outbox.flush();
            crash.assertAlive();
            return false;
          })
          .catch((error: unknown) => {
            assert.ok(error instanceof Crash, String(error));
            return true;
          });
        await crash.end();
        if (!died) steps = Math.min(steps, crash.taken());
        assert.ok(at < 100);

        clock.advance(600_000);
        const { outbox, warning } = await openOutbox({ forge: forge(), file: file(), clock });
        assert.equal(warning, undefined);
        // What was not durable before the crash is put again by the pass that was interrupted.
        await outbox.put(wanted);
        await outbox.drain(60_000);
        assert.equal(outbox.waiting(), 0);
        for (const sha of shas) {
          const posted = github.statuses(sha).map((s) => `${s.context} ${s.state}`);
          assert.deepEqual(
            posted.toSorted(),
            ["slipway/acme success", "slipway/acme/shop failure"],
            `step ${at} ${when}`,
          );
        }
      }
    }
    assert.ok(steps > 20, `only ${steps} steps were tried`);
  });

  test("a crash after `put` resolved loses nothing", async () => {
    let steps = Infinity;
    for (let at = 0; at < steps; at++) {
      const sha = at.toString(16).padEnd(40, "e");
      github.addCommit(sha);
      const outbox = await opened();
      await outbox.put([status("success", "healthy", { revision: sha })]);
      const crash = crashing(at, "before");
      const { outbox: doomed } = await openOutbox({
        forge: forge(crash.fetch),
        file: file(crash.effects),
        clock,
      }).catch(() => ({
        outbox: undefined,
      }));
      await doomed?.flush().catch(() => undefined);
      await crash.end();
      if (crash.taken() <= at) steps = crash.taken();
      assert.ok(at < 100);
      clock.advance(600_000);
      await (await opened()).drain(60_000);
      assert.equal(github.statuses(sha).length, 1);
    }
  });
});

class Crash extends Error {}

/** Effects that end for good at their `at`th step: as a killed process does, nothing happens after it. */
function crashing(at: number, when: "before" | "after") {
  let taken = 0;
  let dead = false;
  const step = async <T>(effect: () => Promise<T>): Promise<T> => {
    if (dead) throw new Crash();
    const mine = taken++;
    if (mine === at && when === "before") {
      dead = true;
      throw new Crash();
    }
    const result = await effect();
    if (mine === at) {
      dead = true;
      throw new Crash();
    }
    return result;
  };
  const opened: FileHandle[] = [];
  const openStepwise = async (...args: Parameters<typeof open>): Promise<FileHandle> =>
    await step(async () => {
      const handle = await open(...args);
      opened.push(handle);
      return {
        stat: async () => await handle.stat(),
        readFile: async () => await handle.readFile("utf8"),
        writeFile: async (text: string) => {
          await step(async () => await handle.write(text.slice(0, text.length / 2)));
          await step(async () => await handle.write(text.slice(text.length / 2)));
        },
        sync: async () => await step(async () => await handle.sync()),
        [Symbol.asyncDispose]: async () => await handle.close(),
      } as unknown as FileHandle;
    });
  const effects: FileEffects = {
    open: openStepwise,
    rename: async (...args) => await step(async () => await rename(...args)),
    rm: async (...args) => await step(async () => await rm(...args)),
  };
  return {
    effects,
    fetch: (async (...args: Parameters<typeof fetch>) =>
      await step(async () => await fetch(...args))) as typeof fetch,
    taken: () => taken,
    end: async () => {
      for (const handle of opened) await handle.close().catch(() => undefined);
    },
    assertAlive: () => {
      if (dead) throw new Crash();
    },
  };
}

suite("closing what was left pending", () => {
  test("own contexts only, and what cannot be read is said", async () => {
    const github = await startGithub({ commits: [a, b] });
    try {
      const forge = createGithub({
        repository: github.repository,
        api: github.api,
        token: github.token,
      });
      await forge.post(status("pending", "deploying"));
      await forge.post(status("pending", "deploying", { context: "slipway/acme/shop" }));
      await forge.post(status("pending", "deploying", { context: "slipway/acme-staging" }));
      await forge.post(status("pending", "running", { context: "ci" }));
      await forge.post(status("success", "healthy", { context: "slipway/acme/blog" }));
      await forge.post(status("pending", "deploying", { revision: b }));
      const decide = (left: CommitStatus) =>
        left.revision === b ? undefined : { ...left, state: "error" as const };
      const all = [a, b, "c".repeat(40)];
      const closing = await closePending(forge, all, "slipway/acme", decide);
      assert.deepEqual(
        closing.statuses.map((s) => `${s.context} ${s.state}`),
        ["slipway/acme error", "slipway/acme/shop error"],
      );
      assert.deepEqual(closing.unread, []);
      github.fail({ kind: "status", status: 500 });
      const down = await closePending(forge, all, "slipway/acme", decide);
      assert.deepEqual(
        down.unread.map((u) => [u.revision, u.error.trouble]),
        all.map((revision) => [revision, "unavailable"]),
      );
    } finally {
      await github.close();
    }
  });
});
