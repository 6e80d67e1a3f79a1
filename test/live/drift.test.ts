import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { changesOf } from "../../src/model/plan.ts";
import type { FleetMachine } from "../fleet/fleet.ts";
import { until } from "../fleet/wait.ts";
import { follow, type Following } from "../support/following.ts";
import { openSite, type Site } from "../support/site.ts";
import { eventsSince } from "../support/witness.ts";

/** What a person or a program does to an app's container, network or volume behind Slipway's back. */
interface Breakage {
  readonly name: string;
  readonly more?: string;
  breakIt(machine: FleetMachine, id: string): Promise<unknown>;
  /** What the daemon says it heard. */
  readonly heard: RegExp;
  /** The cause that a change of the pass carries. */
  readonly reason: RegExp;
}

const breakages: readonly Breakage[] = [
  {
    name: "stopped",
    breakIt: (m, id) => m.docker(["stop", "-t", "1", id]),
    heard: /heard .*(kill|die|stop) acme-stopped/,
    reason: /is stopped.*; acme-stopped-1-\w+ was (stopped|sent a signal) at 20/,
  },
  {
    name: "killed",
    breakIt: (m, id) => m.docker(["kill", id]),
    heard: /heard (kill|die) acme-killed/,
    reason: /(is stopped|exit code 137).*was sent a signal at 20/,
  },
  {
    name: "removed",
    breakIt: (m, id) => m.docker(["rm", "-f", id]),
    heard: /heard (kill|die|destroy) acme-removed/,
    reason: /no container of removed.*was (removed|sent a signal) at 20/,
  },
  {
    name: "paused",
    breakIt: (m, id) => m.docker(["pause", id]),
    heard: /heard pause acme-paused/,
    reason: /is paused.*was paused at 20/,
  },
  {
    name: "renamed",
    breakIt: (m, id) => m.docker(["rename", id, "by-hand"]),
    heard: /heard rename by-hand/,
    reason: /by-hand should be acme-renamed/,
  },
  {
    name: "limited",
    breakIt: (m, id) => m.docker(["update", "--memory", "64m", "--memory-swap", "128m", id]),
    heard: /heard .*update acme-limited/,
    reason: /limits of.*had its limits changed at 20/,
  },
  {
    name: "detached",
    breakIt: (m, id) => m.docker(["network", "disconnect", "-f", "slipway-acme", id]),
    heard: /heard disconnect slipway-acme/,
    reason: /is not on slipway-acme/,
  },
  {
    name: "emptied",
    more: "volumes: { data: /data }\n",
    // Under the machine's lock, or the daemon would mount it again before it can be removed.
    breakIt: async (m, id) => {
      const script = "docker rm -f $0 && docker volume rm emptied_data";
      const lock = ["flock", "/var/lib/slipway/acme/lock"];
      const { code, stderr } = await m.exec([...lock, "sh", "-c", script, id]);
      assert.equal(code, 0, stderr);
    },
    heard: /heard (kill|die|destroy) /,
    reason: /emptied/,
  },
];

describe("drift", () => {
  let site: Site;
  let machine: FleetMachine;
  let daemon: Following;

  const app = (more = ""): string => `
image: ${site.image("1")}
machines: all
port: 8080
health: { http: /up, interval: 50ms, deadline: 60s }
deploy: { stopTimeout: 1s }
${more}`;

  const idOf = async (name: string): Promise<string | undefined> =>
    (await site.running("web", name))[0]?.split(" ", 1)[0];

  const isHealed = async (name: string): Promise<true | undefined> =>
    (await idOf(name)) !== undefined &&
    changesOf(await daemon.controller.plan()).every((c) => c.family !== name)
      ? true
      : undefined;

  /** What it heard of its own work may bring a further look: waits until no pass is under way, and none follows. */
  const quiet = async (): Promise<void> => {
    const { events } = daemon.controller;
    await until("the daemon is quiet", async () => {
      const seen = events.length;
      await pause(1_000);
      return events.length === seen && events.at(-1)?.type === "outcome" ? true : undefined;
    });
  };

  before(async () => {
    site = await openSite({ machines: ["web"] });
    machine = site.fleet.machine("web");
    const apps = breakages.map(({ name, more }) => [`apps/${name}.yaml`, app(more)] as const);
    const commit = await site.commit("Apps", {
      ...Object.fromEntries(apps),
      "apps/cursed.yaml": app(),
      "apps/watched.yaml": app("drift: report\n"),
    });
    daemon = await follow(site.options);
    await daemon.ended(commit, "applied", 60_000);
  });
  after(async () => {
    await daemon?.stop();
    await site?.close();
  });

  for (const { name, breakIt, heard, reason } of breakages) {
    test(`${name}: it is heard of, healed, and the cause is told`, async () => {
      await quiet();
      const id = await idOf(name);
      assert.ok(id !== undefined);
      const [lines, events] = [daemon.log.length, daemon.controller.events.length];
      await breakIt(machine, id);
      await until(`${name} is healed`, () => isHealed(name));
      assert.match(daemon.log.slice(lines).join("\n"), heard);
      const reasons = daemon.controller.events
        .slice(events)
        .flatMap((e) => (e.type === "change-started" ? e.change.reason.text : []));
      assert.match(reasons.join("\n"), reason);
    });
  }

  test("what breaks while the link is cut is healed when it is back", async () => {
    await machine.faults.cut();
    await machine.docker(["rm", "-f", (await idOf("renamed")) ?? ""]);
    await machine.faults.mend();
    await until("it is healed", () => isHealed("renamed"), 180_000);
  });

  test("drift: report only tells; a commit goes through", async () => {
    const id = await idOf("watched");
    const head = await site.infra.git("rev-parse", "HEAD");
    await machine.docker(["stop", "-t", "1", id ?? ""]);
    const told = await daemon.ended(head, "held");
    assert.match(told.held[0]?.text ?? "", /is stopped .*; drift: report/);
    assert.match(told.text, /watched/);
    assert.equal(await idOf("watched"), undefined);
    const commit = await site.commit("Watched again", {
      "apps/watched.yaml": app("drift: report\nenv: { A: b }\n"),
    });
    await daemon.ended(commit, "applied");
    assert.ok((await idOf("watched")) !== undefined);
  });

  test("what is broken again and again is healed five times, then told, until a commit", async () => {
    const head = await site.infra.git("rev-parse", "HEAD");
    for (let time = 1; time <= 5; time++) {
      await quiet();
      await machine.docker(["rm", "-f", (await idOf("cursed")) ?? ""]);
      await until(`it is healed, time ${time}`, () => isHealed("cursed"));
    }
    // What is broken within a pass is mended by that pass, which began with fewer heals to count.
    await quiet();
    const sinceMs = Date.now();
    await machine.docker(["rm", "-f", (await idOf("cursed")) ?? ""]);
    const told = await daemon.ended(head, "held");
    assert.match(told.text, /cursed/);
    assert.match(told.held[0]?.text ?? "", /no container of cursed.*five times in five minutes/);
    const started = await eventsSince(machine, "cursed", sinceMs);
    assert.deepEqual(
      started.filter((e) => e.action === "create"),
      [],
    );
    const commit = await site.commit("Lift the curse", {
      "apps/cursed.yaml": app("env: { A: b }\n"),
    });
    await daemon.ended(commit, "applied");
    assert.ok((await idOf("cursed")) !== undefined);
  });

  test("stopping in the middle of a pass: the app goes on, no lock stays, nothing is told", async () => {
    await quiet();
    const before = await idOf("killed");
    const past = daemon.controller.events.length;
    // So slow that a daemon which waited for it would hold the test up for longer than it may take.
    const commit = await site.commit("Slow", {
      "apps/killed.yaml": app('env: { START_MS: "3600000" }\n').replace("60s", "2h"),
    });
    const isWaiting = (): boolean =>
      daemon.controller.events
        .slice(past)
        .some(
          (e) => e.type === "progress" && e.address.includes("/killed/") && /waiting/.test(e.text),
        );
    await until("it waits for health", async () => (isWaiting() ? true : undefined));
    await daemon.stop();
    assert.equal(await idOf("killed"), before);
    const locked = await machine.exec(["flock", "-n", "/var/lib/slipway/acme/lock", "true"]);
    assert.equal(locked.code, 0);
    await assert.rejects(site.infra.git("notes", "--ref=slipway", "show", commit));
    const reverted = await site.infra.revert(commit);
    daemon = await follow(site.options);
    await daemon.ended(reverted, "applied");
    assert.equal(await idOf("killed"), before, "what served all along still does");
  });

  test("the fleet's network is made anew, with all on it", async () => {
    const idOfNetwork = async (): Promise<string> =>
      await machine.docker(["network", "inspect", "-f", "{{.Id}}", "slipway-acme"]);
    const before = await idOfNetwork();
    const script = `
for id in $(docker ps -q --filter network=slipway-acme); do docker network disconnect -f slipway-acme $id; done
docker network rm slipway-acme`;
    // Out of the daemon's sight, which would put containers back on it meanwhile.
    await machine.faults.cut();
    const { code, stderr } = await machine.exec(["sh", "-c", script]);
    await machine.faults.mend();
    assert.equal(code, 0, stderr);
    await until(
      "all that may be healed are back on it",
      async () => {
        const open = changesOf(await daemon.controller.plan());
        return open.every((c) => c.family === "watched") ? true : undefined;
      },
      180_000,
    );
    assert.notEqual(await idOfNetwork(), before);
  });
});
