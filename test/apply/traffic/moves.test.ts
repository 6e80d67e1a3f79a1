import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { StepFailure } from "../../../src/apply/failure.ts";
import type { Step, Traffic } from "../../../src/model/step.ts";
import { until } from "../../fleet/wait.ts";
import {
  addresses,
  openLane,
  type Lane,
  type RunOptions,
  type Version,
} from "../../support/traffic.ts";

const apps = [
  "again",
  "back",
  "budget",
  "counted",
  "file",
  "judged",
  "leaving",
  "other-pool",
  "preempted",
  "restarted",
  "said",
  "serving",
  "share",
  "tally",
  "two-pools",
] as const;
type App = (typeof apps)[number];

describe("traffic", () => {
  let lane: Lane;

  before(async () => {
    lane = await openLane(apps);
  });
  after(async () => {
    await lane?.close();
  });

  const switched = (
    app: App,
    to: Version,
    more: { share?: number; traffic?: Traffic } = {},
  ): Step => ({
    do: "switch",
    traffic: lane.traffic(app),
    container: to,
    ...more,
  });
  const drained = (app: App, from: Version, requestsMs = 30_000): Step => ({
    do: "drain",
    traffic: lane.traffic(app),
    address: addresses[from],
    requestsMs,
    streamsMs: requestsMs,
  });

  const failureOf = async (steps: readonly Step[], options?: RunOptions): Promise<StepFailure> => {
    try {
      await lane.run(steps, options);
    } catch (error) {
      assert.ok(error instanceof StepFailure);
      return error;
    }
    assert.fail("nothing failed");
  };

  const isHeld = async (app: App): Promise<true> => {
    return await until(`a request of ${app} is under way`, async () =>
      /^i1a 1$/m.test(await openOf(app)) ? true : undefined,
    );
  };
  /** `i1a 1`: so many requests are under way there. */
  const openOf = async (app: App): Promise<string> => {
    const [head = "", ...lines] = (await lane.say("show stat -1 4 -1")).split("\n");
    const at = (line: string, name: string) => line.split(",")[head.split(",").indexOf(name)];
    return lines
      .filter((line) => line.startsWith(`${app},`))
      .map((line) => `${at(line, "svname")} ${at(line, "scur")}`)
      .join("\n");
  };

  /** Version two has it all, in what runs and in the file. */
  async function isAtTwo(app: App): Promise<void> {
    const [one, two] = await lane.slots(app);
    assert.deepEqual(
      [one?.ready, two?.ready, two?.address, two?.weight],
      [false, true, addresses.two, 100],
    );
    const [lineOfOne, lineOfTwo = ""] = await lane.lines(app);
    assert.equal(lineOfOne, "i1a 0.0.0.0:1 disabled");
    assert.match(lineOfTwo, /^i1b 127\.0\.0\.12:\d+$/);
    assert.equal(await lane.ask(app), "two");
  }

  describe("that is switched", () => {
    test("goes to the other container, and a second time nothing is done", async () => {
      assert.equal(await lane.ask("again"), "one");
      await lane.run([switched("again", "two")]);
      await isAtTwo("again");
      const calls: string[] = [];
      await lane.run([switched("again", "two")], { onCall: (what) => calls.push(what) });
      assert.deepEqual(calls, []);
    });

    test("goes there at another try when the line broke before the file was written", async () => {
      const failure = await failureOf([switched("file", "two")], {
        loses: (what) => what === "exec",
      });
      assert.equal(failure.trouble, "unreachable");
      assert.equal(await lane.ask("file"), "one");
      await lane.run([switched("file", "two")]);
      await isAtTwo("file");
    });

    test("goes there at another try when the line broke before the proxy was told", async () => {
      const loses: RunOptions["loses"] = (what, text) =>
        what === "talk" && text.startsWith("set server");
      await failureOf([switched("said", "two")], { loses });
      assert.match((await lane.lines("said"))[1] ?? "", /^i1b 127\.0\.0\.12:\d+$/);
      assert.equal(await lane.ask("said"), "one");
      await lane.run([switched("said", "two")]);
      await isAtTwo("said");
    });

    test("by a share goes to both, then to one", async () => {
      await lane.run([switched("share", "two", { share: 20 })]);
      const weights = (await lane.slots("share")).map((s) => [s.ready, s.weight]);
      assert.deepEqual(weights, [
        [true, 80],
        [true, 20],
      ]);
      const lines = (await lane.lines("share")).map((line) => line.replace(/:\d+/, ""));
      assert.deepEqual(lines, ["i1a 127.0.0.11 weight 80", "i1b 127.0.0.12 weight 20"]);
      const answers: string[] = [];
      for (let i = 0; i < 50; i++) answers.push(await lane.ask("share"));
      const ofTwo = answers.filter((answer) => answer === "two").length;
      assert.ok(ofTwo >= 8 && ofTwo <= 12, String(ofTwo));
      await lane.run([switched("share", "two")]);
      await isAtTwo("share");
    });

    test("by a share comes back whole", async () => {
      await lane.run([switched("back", "two", { share: 50 }), switched("back", "one")]);
      const [one, two] = await lane.slots("back");
      assert.deepEqual([one?.ready, one?.weight, two?.ready], [true, 100, false]);
      assert.equal((await lane.lines("back"))[1], "i1b 0.0.0.0:1 disabled");
      assert.equal(await lane.ask("back"), "one");
    });

    test("goes over in all pools of an instance at once", async () => {
      const pools = (["two-pools", "other-pool"] as const).flatMap(
        (app) => lane.traffic(app).pools,
      );
      await lane.run([switched("two-pools", "two", { traffic: lane.traffic("again", { pools }) })]);
      await isAtTwo("two-pools");
      await isAtTwo("other-pool");
    });

    const troubles: readonly [string, () => Step, RegExp][] = [
      [
        "for a pool that the proxy does not have",
        () =>
          switched("again", "one", {
            traffic: lane.traffic("again", { pools: [{ name: "ghost", port: 80 }] }),
          }),
        /the proxy on web-1 has no backend for ghost/,
      ],
      [
        "for an instance that has no room",
        () => switched("again", "one", { traffic: lane.traffic("again", { instance: 9 }) }),
        /has no place for instance 9 in again/,
      ],
      [
        "to a container without an address",
        () => ({ ...switched("again", "one"), container: "ghost" }) as Step,
        /gets no traffic for ghost/,
      ],
    ];
    for (const [says, step, words] of troubles)
      test(`is the machine's trouble ${says}, and stays as it is`, async () => {
        const failure = await failureOf([step()]);
        assert.equal(failure.blame, "machine");
        assert.match(failure.message, words);
        await isAtTwo("again");
      });
  });

  describe("that is drained", () => {
    const clearing = async (app: App, options: RunOptions, requestsMs?: number) => {
      const answer = lane.ask(app, "/held");
      await isHeld(app);
      await lane.run([switched(app, "two")]);
      const done = lane.run([drained(app, "one", requestsMs)], options);
      return { answer, done };
    };

    test("ends when the last request is answered", async () => {
      const { answer, done } = await clearing("counted", {
        meanwhile: async () => {
          lane.release();
          await answer;
          await until("nothing is under way", async () =>
            /^i1a [1-9]/m.test(await openOf("counted")) ? undefined : true,
          );
        },
      });
      const [seen] = await done;
      assert.deepEqual(
        [seen?.of, seen !== undefined && "drained" in seen && seen.drained],
        ["switch", 1],
      );
      assert.equal(await answer, "one");
    });

    test("ends when its time is over, and tells what is cut", async () => {
      const { answer, done } = await clearing("budget", {}, 2_000);
      const [seen] = await done;
      assert.ok(seen?.of === "switch");
      assert.deepEqual([seen.drained, seen.cut], [0, 1]);
      lane.release();
      await answer;
    });

    test("gives way to a newer revision", async () => {
      const preempt = new AbortController();
      const { answer, done } = await clearing("preempted", {
        preempt: preempt.signal,
        meanwhile: () => preempt.abort(),
      });
      await assert.rejects(done, { blame: "preempted" });
      lane.release();
      await answer;
    });

    test("gets nothing new from then on, nor from a proxy that is started anew", async () => {
      await lane.run([drained("serving", "one")]);
      assert.deepEqual(await lane.lines("serving"), [
        "i1a 0.0.0.0:1 disabled",
        "i1b 0.0.0.0:1 disabled",
      ]);
      assert.deepEqual(
        (await lane.slots("serving")).map((s) => s.ready),
        [false, false],
      );
    });
  });

  test("of one whose pools nobody knows any more is drained by its address", async () => {
    const traffic = lane.traffic("leaving", { pools: [] });
    await lane.run([switched("leaving", "two")]);
    const step = { ...drained("leaving", "two"), traffic, address: "127.0.0.13" } as Step;
    assert.deepEqual(await lane.run([step]), []);
    await isAtTwo("leaving");
    const gone: RunOptions["loses"] = (what) => what === "talk" && "network";
    assert.deepEqual(await lane.run([step], { loses: gone }), []);
  });

  test("is judged by what the new container answers", async () => {
    const judged = { traffic: lane.traffic("judged"), maxErrors: 0.05 };
    const watch = (container: Version): Step => ({
      do: "watch",
      container,
      probe: "off",
      restart: "no",
      intervalMs: 500,
      timeoutMs: 500,
      forMs: 5_000,
      judged,
    });
    const breaks = async (): Promise<unknown> => await lane.ask("judged", "/broken");
    await lane.run([watch("one")]);
    await lane.run([switched("judged", "two")]);
    const failure = await failureOf([watch("two")], { meanwhile: breaks });
    assert.equal(failure.blame, "app");
    assert.match(failure.message, /3 of 3 requests failed \(100 %; 5 % are allowed\)/);
  });

  test("is counted from the switch on, and anew by a proxy that started anew", async () => {
    const since = { bound: "counted" };
    const counted = async (meanwhile: () => Promise<unknown>) => {
      const [seen] = await lane.run(
        [
          { ...switched("tally", "two"), bind: since.bound } as Step,
          // Whatever waits: here it is the time for requests.
          { do: "watch", container: "two", ...quiet },
          { ...drained("tally", "one"), since } as Step,
        ],
        { meanwhile },
      );
      assert.ok(seen?.of === "switch");
      return [seen.served, seen.failed];
    };
    const quiet = {
      probe: "off",
      restart: "no",
      intervalMs: 500,
      timeoutMs: 500,
      forMs: 1,
    } as const;
    await lane.ask("tally");
    assert.deepEqual(
      await counted(async () => {
        await lane.ask("tally");
        await lane.ask("tally", "/broken");
      }),
      [2, 1],
    );
    assert.deepEqual(
      await counted(async () => {
        await lane.restart();
        await lane.ask("tally");
      }),
      [1, 0],
    );
  });

  test("stays where it was sent when the proxy is started anew", async () => {
    await isAtTwo("tally");
    const loses: RunOptions["loses"] = (what, text) =>
      what === "talk" && text.startsWith("set server");
    await failureOf([switched("restarted", "two")], { loses });
    await lane.restart();
    await isAtTwo("restarted");
    const calls: string[] = [];
    await lane.run([switched("restarted", "two")], { onCall: (what) => calls.push(what) });
    assert.deepEqual(calls, []);
  });
});
