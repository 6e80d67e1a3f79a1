import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { MachineFaults } from "../fleet/fleet.ts";
import { until } from "../fleet/wait.ts";
import { openSite, type Site } from "../support/site.ts";

/** What goes wrong with the machine of this name, and how it is told. */
interface Outage {
  readonly name: string;
  breakIt(on: MachineFaults): Promise<void>;
  mendIt(on: MachineFaults): Promise<void>;
  readonly cls: RegExp;
  readonly text: RegExp;
  readonly losesContainers?: boolean;
}

const outages: readonly Outage[] = [
  {
    name: "cut",
    breakIt: (on) => on.cut(),
    mendIt: (on) => on.mend(),
    cls: /unreachable/,
    text: /./,
  },
  {
    name: "dead",
    breakIt: (on) => on.kill(),
    mendIt: (on) => on.start(),
    cls: /unreachable/,
    text: /./,
    losesContainers: true,
  },
  {
    name: "deaf",
    breakIt: (on) => on.stopSshd(),
    mendIt: (on) => on.startSshd(),
    cls: /unreachable/,
    text: /refused|closed|lost|cut off/,
  },
  {
    name: "hung",
    breakIt: (on) => on.freezeDockerd(),
    mendIt: (on) => on.thawDockerd(),
    cls: /engine/,
    text: /does not answer|no answer/,
  },
  {
    name: "stopped",
    breakIt: (on) => on.stopDockerd(),
    mendIt: (on) => on.startDockerd(),
    cls: /engine/,
    text: /no engine on|docker|socket/,
  },
];

/** Goes first, as its name does. */
const well = "a";
const full = "full";

/** Trouble with machines or the registry: the others converge, it is told, nothing is removed, and it heals. */
describe("trouble", () => {
  let site: Site;
  let round = 0;

  const app = (tag: string, more = ""): string => `
image: ${site.image(tag)}
machines: all
port: 8080
health: { http: /up, interval: 500ms, deadline: 120s }
deploy: { stopTimeout: 1s, batch: 9 }
${more}`;

  /** Something that each machine has to do: a container that was never there. */
  const change = async (tag = "1", more = ""): Promise<void> => {
    round += 1;
    const env = `env: { ROUND: "${round}"${more} }\n`;
    await site.commit(`Round ${round}`, { "apps/shop.yaml": app(tag, env) });
  };

  const roundOn = async (machine: string): Promise<string | undefined> => {
    const [running] = await site.running(machine, "shop");
    const id = running?.split(" ")[0];
    if (id === undefined) return undefined;
    const format = "{{range .Config.Env}}{{println .}}{{end}}";
    const env = await site.fleet.machine(machine).docker(["inspect", "-f", format, id]);
    return /^ROUND=(.*)$/m.exec(env)?.[1];
  };

  const assertIncomplete = (
    outcome: RevisionOutcome,
    machine: string,
    cls: RegExp,
    text: RegExp,
  ): void => {
    const all = JSON.stringify(outcome, undefined, 1);
    assert.equal(outcome.outcome, "incomplete", all);
    const trouble = outcome.troubles.find((t) => t.machine === machine);
    assert.match(trouble?.class ?? "", cls, `${machine}: ${all}`);
    assert.match(trouble?.text ?? "", text, `${machine}: ${all}`);
    // A pass waits for nobody who may never answer: far less than this.
    assert.ok(outcome.durationMs < 150_000, `it took ${outcome.durationMs} ms`);
  };

  const all = async (work: (outage: Outage, on: MachineFaults) => Promise<void>): Promise<void> => {
    await Promise.all(outages.map((o) => work(o, site.fleet.machine(o.name).faults)));
  };

  before(async () => {
    site = await openSite(
      { machines: [well, ...outages.map((o) => o.name), { name: full, diskMiB: 128 }] },
      { "1": {}, "2": {}, "3": {}, "4": {}, "5": {}, big: { padMiB: 20 } },
    );
    await change();
    await site.settle();
  });
  after(async () => {
    await site?.close();
  });

  test("machines in all sorts of trouble: the others converge, they follow when it ends", async () => {
    const before = new Map<string, readonly string[]>();
    for (const { name } of outages) before.set(name, await site.running(name, "shop"));
    await all((o, on) => o.breakIt(on));
    try {
      await change();
      const outcome = await site.reconcile();
      for (const { name, cls, text } of outages) assertIncomplete(outcome, name, cls, text);
      assert.match(outcome.text, /^cut: .* \(and 4 more\)$/);
      assert.equal(await roundOn(well), String(round));
      assert.equal(await roundOn(full), String(round));
    } finally {
      await all((o, on) => o.mendIt(on));
    }
    for (const { name, losesContainers } of outages) {
      if (losesContainers !== true)
        assert.deepEqual(await site.running(name, "shop"), before.get(name), name);
    }
    await site.settle();
    for (const { name } of outages) assert.equal(await roundOn(name), String(round), name);
  });

  test("trouble in the middle of an apply: what was begun is finished later", async () => {
    // So long that the first machine still waits for it when the last one does.
    await change("1", ", START_MS: '15000'");
    try {
      const outcome = await site.by(async (controller) => {
        const pass = controller.reconcile();
        await until("all but the first wait for health", async () => {
          const waiting = controller.events.flatMap((e) =>
            e.type === "progress" && e.text.startsWith("waiting") ? e.address.split("/")[1] : [],
          );
          return outages.every(({ name }) => waiting.includes(name)) ? true : undefined;
        });
        await all((o, on) => o.breakIt(on));
        return await pass;
      });
      for (const { name, cls } of outages) {
        // Which of both is noticed first depends on who asks.
        const told = name === "cut" || name === "dead" ? /unreachable|engine/ : cls;
        assertIncomplete(outcome, name, told, /./);
      }
      assert.equal(await roundOn(well), String(round));
      assert.equal(await roundOn(full), String(round));
    } finally {
      await all((o, on) => o.mendIt(on));
    }
    await site.settle();
    for (const { name } of outages) {
      assert.equal(await roundOn(name), String(round), name);
      assert.equal((await site.running(name, "shop")).length, 1, name);
    }
  });

  test("an app that moves to a machine that hangs is not removed from where it is", async () => {
    const moving = (machine: string): string => app("1").replace("all", machine);
    await site.commit("Moving", { "apps/moving.yaml": moving(well) });
    await site.settle();
    const before = await site.running(well, "moving");
    const { faults } = site.fleet.machine("hung");
    await faults.freezeDockerd();
    try {
      await site.commit("Moved", { "apps/moving.yaml": moving("hung") });
      assertIncomplete(await site.reconcile(), "hung", /engine/, /does not answer/);
      assert.deepEqual(await site.running(well, "moving"), before);
    } finally {
      await faults.thawDockerd();
    }
    await site.settle();
    assert.deepEqual(await site.running(well, "moving"), []);
    assert.equal((await site.running("hung", "moving")).length, 1);
    await site.commit("Gone", { "apps/moving.yaml": undefined });
    await site.settle();
  });

  test("a full disk fails the pull and nothing else; it heals when there is room", async () => {
    const { faults } = site.fleet.machine(full);
    const before = await site.running(full, "shop");
    await faults.fillDisk();
    try {
      await change("big");
      const outcome = await site.reconcile();
      assertIncomplete(outcome, full, /disk/, /no space left|disk full/i);
      assert.match(outcome.text, /^full: disk: /);
      assert.equal(await roundOn(well), String(round));
      assert.deepEqual(await site.running(full, "shop"), before);
    } finally {
      await faults.freeDisk();
    }
    await site.settle();
    assert.equal(await roundOn(full), String(round));
  });

  test("a disk that is nearly full: no container moves there, and none is lost", async () => {
    const { faults } = site.fleet.machine(full);
    const before = await site.running(full, "shop");
    await faults.fillDisk();
    try {
      await change();
      const outcome = await site.reconcile();
      assertIncomplete(outcome, full, /disk/, /MB of disk are left/);
      assert.equal(await roundOn(well), String(round));
      assert.deepEqual(await site.running(full, "shop"), before);
    } finally {
      await faults.freeDisk();
    }
    await site.settle();
    assert.equal(await roundOn(full), String(round));
  });

  test("no memory for old and new side by side: the old one stays, and stop-first needs none", async () => {
    const huge = (text: string, deploy = ""): string => `
image: ${site.image("1")}
machines: ${well}
env: { TEXT: ${text} }
health: off
resources: { memoryReservation: 4096g }
${deploy}`;
    await site.commit("Huge", { "apps/huge.yaml": huge("one") });
    await site.settle();
    const before = await site.running(well, "huge");
    await site.commit("Huge, changed", { "apps/huge.yaml": huge("two") });
    const outcome = await site.reconcile();
    assertIncomplete(outcome, well, /memory/, /MB of memory are left, 4194304 MB are needed/);
    assert.deepEqual(await site.running(well, "huge"), before);
    const stopFirst = "deploy: { strategy: stop-first, stopTimeout: 1s }";
    await site.commit("Huge, stopped first", { "apps/huge.yaml": huge("two", stopFirst) });
    await site.settle();
    assert.notDeepEqual(await site.running(well, "huge"), before);
    await site.commit("Gone", { "apps/huge.yaml": undefined });
    await site.settle();
  });

  for (const [fault, tag] of [
    ["500", "2"],
    ["404", "3"],
    ["hang", "4"],
  ] as const) {
    test(`a registry that answers ${fault}: all stays as it is, and follows later`, async () => {
      const before = await site.running(well, "shop");
      site.fleet.registry?.fault(fault);
      try {
        await change(tag);
        const outcome = await site.reconcile();
        assertIncomplete(outcome, well, /pull/, /shop:/);
        assert.match(outcome.text, /^a: pull: /);
        assert.deepEqual(await site.running(well, "shop"), before);
      } finally {
        site.fleet.registry?.fault(undefined);
      }
      await site.settle();
      assert.equal(await roundOn(well), String(round));
    });
  }
});
