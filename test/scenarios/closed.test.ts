import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import { SourceError } from "../../src/source/source.ts";
import { newParseCache, type SimController } from "../support/sim/controller.ts";
import { referenceOf, imageText, type Nature } from "../support/sim/registry.ts";
import { appNames, plainState, plainTemplate } from "../support/sim/scenario.ts";
import { Stage } from "../support/sim/stage.ts";
import { stateOf, thingsOf } from "../support/sim/check-end.ts";
import { labelOf } from "../support/sim/watchman.ts";

type Files = Readonly<Record<string, string | undefined>>;

const parseCache = newParseCache();
const hourMs = 3_600_000;

/** Two machines, a repo and a controller; it is Tuesday, midnight, UTC. */
class Site {
  readonly stage = new Stage(
    {
      seed: 1,
      machines: 3,
      templates: appNames.map(() => plainTemplate),
      first: appNames.map(() => plainState),
      acts: [],
    },
    parseCache,
  );
  private controller: SimController = this.stage.newController();
  private files: Record<string, string> = {};

  /** Commits changes of files, and passes over them. */
  async commit(changes: Files, message = "Change"): Promise<RevisionOutcome> {
    const files = { ...this.files, ...changes };
    this.files = Object.fromEntries(
      Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    this.stage.source.push(this.files, message);
    return await this.pass("commit");
  }

  async pass(cause: RevisionOutcome["cause"] = "drift"): Promise<RevisionOutcome> {
    const outcome = await this.stage.clock.run(this.controller.pass(cause));
    assert.ok(outcome !== undefined);
    return outcome;
  }

  /** Another controller that knows nothing. */
  async passOfAnother(): Promise<RevisionOutcome> {
    this.stage.source.notes.clear();
    this.controller = this.stage.newController();
    return await this.pass("commit");
  }

  async until(hour: number): Promise<void> {
    const ms = Date.UTC(2030, 0, 1) + hour * hourMs - this.stage.clock.now();
    await this.stage.clock.run(this.stage.clock.sleep(ms));
  }

  /** `m1 shop 2`, sorted. */
  running(): readonly string[] {
    const known = new Map(
      appNames.flatMap((app) =>
        [1, 2, 3].flatMap((version) =>
          (["good", "sick"] as const).map((nature) => [
            referenceOf(imageText(app, version, nature)),
            version,
          ]),
        ),
      ),
    );
    return [...this.stage.machines]
      .flatMap(([name, { engine }]) =>
        engine.containers
          .filter((c) => engine.isRunning(c) && labelOf(c, "slipway.fleet") === "acme")
          .map(
            (c) => `${name} ${labelOf(c, "slipway.app")} ${known.get(c.image.digests[0] ?? "")}`,
          ),
      )
      .toSorted();
  }

  /** Somebody stops all that runs of an app. */
  stop(app: string): void {
    for (const { engine } of this.stage.machines.values())
      for (const container of engine.containers)
        if (engine.isRunning(container) && labelOf(container, "slipway.app") === app)
          engine.call("POST", ["containers", container.id, "stop"], {}, undefined);
  }

  /** A commit that the repo has no longer in full. */
  lose(index: number): void {
    const { source } = this.stage;
    const lost = source.commits[index]?.revision;
    const snapshot = source.snapshot.bind(source);
    source.snapshot = async (revision) => {
      if (revision === lost) throw new SourceError("missing", `no commit ${revision}`);
      return await snapshot(revision);
    };
  }

  things(): string {
    return thingsOf(this.stage);
  }

  state(): string {
    return stateOf(this.stage);
  }
}

interface AppSays {
  readonly nature?: Nature;
  readonly on?: string;
  readonly more?: string;
}

const app = (
  name: "db" | "shop" | "work",
  version: number,
  { nature = "good", on = "m1", more = "" }: AppSays = {},
): Files => ({
  [`apps/${name}.yaml`]: `image: ${imageText(name, version, nature)}\nmachines: [${on}]\nport: 8080\n${more}`,
});

const fleet = (more = ""): Files => ({ "slipway.yaml": `fleet: acme\n${more}` });
const machines: Files = {
  "machines/m1.yaml": "address: 10.0.0.1\n",
  "machines/m2.yaml": "address: 10.0.0.2\n",
};
/** From six to eight. */
const morning = 'freeze: [{ schedule: "0 6 * * *", for: 2h, reason: breakfast }]\n';
const paused = "paused: { reason: moving }\n";

const startOf = async (...files: readonly Files[]): Promise<Site> => {
  const site = new Site();
  await site.commit(Object.assign({}, fleet(), machines, ...files) as Files);
  return site;
};

const appOf = (outcome: RevisionOutcome, family: string): string => {
  const found = outcome.apps.find((a) => a.family === family);
  return found === undefined ? "" : `${found.outcome}: ${found.text}`;
};

describe("an app that is frozen", () => {
  test("stays, is healed, and goes on when the freeze ends; the others are not kept", async () => {
    const site = await startOf(app("db", 1), app("shop", 1, { more: morning }));
    await site.until(6.5);
    const held = await site.commit({ ...app("db", 2), ...app("shop", 2, { more: morning }) });
    assert.equal(held.outcome, "held");
    assert.equal(held.heldUntil, "2030-01-01T08:00:00.000Z");
    const good = held.apps.find((a) => a.family === "shop")?.good?.slice(0, 8);
    const why = "frozen until Tue 08:00 UTC (breakfast), apps/shop.yaml:4";
    const needs = "Slipway-Allow: thaw app/shop";
    assert.equal(held.text, `app/shop still at ${good}, held: ${why}; or ${needs}`);
    assert.deepEqual(held.held, [{ address: "app/shop", text: `${why}; needs ${needs}` }]);
    assert.match(appOf(held, "db"), /^applied: /);
    assert.deepEqual(site.running(), ["m1 db 2", "m1 shop 1"]);
    const settled = site.state();
    assert.equal((await site.pass("retry")).changes, 0);
    assert.equal(site.state(), settled);
    site.stop("shop");
    const healed = await site.pass();
    assert.equal(healed.changes, 1);
    assert.equal(healed.outcome, "held");
    assert.deepEqual(site.running(), ["m1 db 2", "m1 shop 1"]);
    const things = site.things();
    assert.equal((await site.passOfAnother()).outcome, "held");
    assert.equal(site.things(), things);
    await site.until(8);
    const applied = await site.pass("retry");
    assert.equal(applied.outcome, "applied");
    assert.equal(applied.heldUntil, undefined);
    assert.deepEqual(site.running(), ["m1 db 2", "m1 shop 2"]);
    assert.equal((await site.pass()).changes, 0);
  });

  test("has nothing held where a commit changes nothing of it", async () => {
    const site = await startOf(app("db", 1), app("shop", 1, { more: morning }));
    await site.until(6.5);
    const outcome = await site.commit({ "notes.txt": "a" });
    assert.equal(outcome.outcome, "applied");
    assert.equal(outcome.text, "nothing to do");
    const other = await site.commit(app("db", 2));
    assert.equal(other.outcome, "applied");
    assert.deepEqual(site.running(), ["m1 db 2", "m1 shop 1"]);
  });

  test("is let through by the commit that takes the freeze away, and by one that thaws it", async () => {
    const site = await startOf(app("shop", 1, { more: morning }));
    await site.until(6.5);
    await site.commit(app("shop", 2, { more: morning }));
    const through = await site.commit(
      app("shop", 3, { more: morning }),
      "Now\n\nSlipway-Allow: thaw app/shop",
    );
    assert.equal(through.outcome, "applied");
    assert.deepEqual(site.running(), ["m1 shop 3"]);
    const next = await site.commit(app("shop", 1, { more: morning }));
    assert.equal(next.outcome, "held");
    assert.deepEqual(site.running(), ["m1 shop 3"]);
    const free = await site.commit(app("shop", 1));
    assert.equal(free.outcome, "applied");
    assert.deepEqual(site.running(), ["m1 shop 1"]);
  });

  test("keeps its number and place, and takes up neither a new machine nor a new digest", async () => {
    const more = `${morning}pull: always\n`;
    const site = await startOf(app("shop", 1, { more }));
    await site.until(6.5);
    const scaled = await site.commit(
      app("shop", 1, { on: "m1, m2", more: `${more}instances: 2\n` }),
    );
    assert.equal(scaled.outcome, "held");
    assert.deepEqual(site.running(), ["m1 shop 1"]);
    await site.until(8);
    await site.pass("retry");
    assert.deepEqual(site.running(), ["m1 shop 1", "m1 shop 1", "m2 shop 1", "m2 shop 1"]);
    await site.until(30.5);
    await site.commit(app("shop", 2, { more }));
    assert.equal(site.running().length, 4, "what was let through last has two on each");
  });

  test("does not run for the first time, and what is after it waits", async () => {
    const site = await startOf(app("db", 1));
    await site.until(6.5);
    const first = await site.commit({
      ...app("shop", 1, { more: morning }),
      ...app("work", 1, { more: "after: [shop]\n" }),
    });
    assert.equal(first.outcome, "held");
    assert.match(appOf(first, "shop"), /^held: held: frozen until Tue 08:00 UTC/);
    assert.match(appOf(first, "work"), /^held: needs app\/shop first/);
    assert.deepEqual(site.running(), ["m1 db 1"]);
    assert.equal((await site.commit({ "notes.txt": "a" })).outcome, "held");
    assert.deepEqual(site.running(), ["m1 db 1"]);
    await site.until(8);
    assert.equal((await site.pass("retry")).outcome, "applied");
    assert.deepEqual(site.running(), ["m1 db 1", "m1 shop 1", "m1 work 1"]);
  });

  test("is not tried again either, and returns where it had failed", async () => {
    const site = await startOf(app("shop", 1));
    const failed = await site.commit(app("shop", 2, { nature: "sick" }));
    assert.equal(failed.outcome, "reverted");
    const more = paused;
    const sick = app("shop", 2, { nature: "sick", more });
    const before = await site.commit(sick);
    assert.match(appOf(before, "shop"), /^held: (?!held)/, "nothing that the pause holds");
    const retried = await site.commit({}, "Again\n\nSlipway-Retry: app/shop");
    assert.match(appOf(retried, "shop"), /^held: held: paused \(moving\)/);
    assert.equal(retried.changes, 0);
    const later = await site.commit({ "notes.txt": "a" });
    assert.match(appOf(later, "shop"), /^held: held: paused \(moving\)/);
    const free = await site.commit(app("shop", 2, { nature: "sick" }));
    assert.match(appOf(free, "shop"), /^reverted: /, "it was tried again");
    await site.commit(app("shop", 2, { nature: "sick", more }));
    const mended = await site.commit(app("shop", 3, { more }));
    assert.match(appOf(mended, "shop"), /^held: held: paused \(moving\), apps\/shop.yaml:4/);
    assert.equal(mended.heldUntil, undefined);
    assert.deepEqual(site.running(), ["m1 shop 1"]);
    assert.equal((await site.commit(app("shop", 3))).outcome, "applied");
    assert.deepEqual(site.running(), ["m1 shop 3"]);
  });

  test("stays as it is where what it was is lost", async () => {
    const site = await startOf(app("shop", 1, { more: morning }));
    await site.until(6.5);
    await site.commit(app("shop", 2, { more: morning }));
    site.lose(0);
    const things = site.things();
    const outcome = await site.passOfAnother();
    assert.equal(outcome.outcome, "held");
    assert.equal(site.things(), things);
    await site.until(8);
    assert.equal((await site.pass("retry")).outcome, "applied");
    assert.deepEqual(site.running(), ["m1 shop 2"]);
  });
});

describe("a fleet that is paused", () => {
  test("stays as a whole: what is new, changed or gone is held, and healed as it was", async () => {
    const site = await startOf(app("db", 1), app("shop", 1, { on: "m1, m2" }));
    const before = ["m1 db 1", "m1 shop 1", "m2 shop 1"];
    assert.deepEqual(site.running(), before);
    const held = await site.commit({
      ...fleet(paused),
      "machines/m2.yaml": undefined,
      "machines/m3.yaml": "address: 10.0.0.3\n",
      "apps/db.yaml": undefined,
      ...app("shop", 2, { on: "m1, m3" }),
      ...app("work", 1, { on: "m3" }),
    });
    assert.equal(held.outcome, "held");
    assert.deepEqual(
      held.held.map((h) => h.address),
      ["machine/m2", "machine/m3", "app/shop", "app/work", "app/db"],
    );
    assert.deepEqual(site.running(), before);
    const machine = await site.commit({ "machines/m2.yaml": machines["machines/m2.yaml"] });
    assert.equal(machine.outcome, "held");
    await site.commit({ "machines/m2.yaml": undefined });
    site.stop("db");
    site.stop("shop");
    assert.equal((await site.pass()).changes, 3);
    assert.deepEqual(site.running(), before);
    const things = site.things();
    assert.equal((await site.passOfAnother()).changes, 0);
    assert.equal(site.things(), things);
    const through = await site.commit(fleet());
    assert.equal(through.outcome, "applied");
    assert.deepEqual(site.running(), ["m1 shop 2", "m2 shop 1", "m3 shop 2", "m3 work 1"]);
  });

  test("is as declared where a commit changes nothing but the pause", async () => {
    const site = await startOf(app("shop", 1));
    const outcome = await site.commit(fleet(paused));
    assert.equal(outcome.text, "nothing to do");
    const second = await site.commit(app("shop", 2));
    assert.match(second.text, /^app\/shop still at .*, held: paused \(moving\), slipway.yaml:2/);
  });

  test("lets through what is thawed, which then stands by itself", async () => {
    const site = await startOf(app("db", 1), app("shop", 1));
    await site.commit({ ...fleet(paused), ...app("db", 2) });
    const thawed = await site.commit(app("shop", 2), "Now\n\nSlipway-Allow: thaw app/shop");
    assert.deepEqual(site.running(), ["m1 db 1", "m1 shop 2"]);
    assert.match(appOf(thawed, "shop"), /^applied: /);
    assert.equal(thawed.outcome, "held");
    await site.commit(app("shop", 3));
    assert.deepEqual(site.running(), ["m1 db 1", "m1 shop 2"]);
    await site.commit({ "apps/shop.yaml": undefined });
    assert.deepEqual(site.running(), ["m1 db 1", "m1 shop 2"]);
    const all = await site.commit({}, "All\n\nSlipway-Allow: thaw fleet");
    assert.equal(all.outcome, "applied");
    assert.deepEqual(site.running(), ["m1 db 2"]);
    assert.equal((await site.pass()).changes, 0);
  });

  test("is not begun with", async () => {
    const site = new Site();
    const first = await site.commit({ ...fleet(paused), ...machines, ...app("shop", 1) });
    assert.equal(first.outcome, "held");
    assert.match(
      first.text,
      /held: paused \(moving\), slipway.yaml:2; or Slipway-Allow: thaw fleet/,
    );
    assert.deepEqual(site.running(), []);
    assert.equal((await site.commit(app("shop", 2))).outcome, "held");
    assert.equal((await site.commit(fleet())).outcome, "applied");
    assert.deepEqual(site.running(), ["m1 shop 2"]);
  });

  test("minds afterwards what commits allowed meanwhile", async () => {
    const volume = "volumes: { data: /data }\n";
    const site = await startOf(app("db", 1), app("shop", 1, { more: volume }));
    await site.commit(fleet(paused));
    await site.commit(
      { "apps/shop.yaml": undefined },
      "Drop it\n\nSlipway-Allow: destroy machine/m1/app/shop/volume/data",
    );
    const volumes = site.stage.machines.get("m1")?.engine.volumes ?? [];
    const count = (): number => volumes.filter(({ name }) => /shop/.test(name)).length;
    assert.equal(count(), 1);
    await site.commit({ "notes.txt": "a" });
    assert.equal((await site.commit(fleet())).outcome, "applied");
    assert.equal(count(), 0);
  });
});

test("whatever is committed: what is closed runs as it did, all else as declared", async () => {
  const version = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
  const anyCommit = fc.record({
    db: version,
    shop: version,
    closes: fc.constantFrom("nothing", "nothing", "fleet", "shop"),
    thaws: fc.constantFrom(undefined, undefined, "fleet", "app/shop", "app/db"),
  });
  const names = ["db", "shop"] as const;
  await fc.assert(
    fc.asyncProperty(fc.array(anyCommit, { minLength: 2, maxLength: 6 }), async (commits) => {
      const site = await startOf(app("db", 1), app("shop", 1));
      const runs = new Map<string, number | undefined>(names.map((name) => [name, 1]));
      for (const { closes, thaws, ...versions } of commits) {
        const files = names.map((name) => {
          const declared = versions[name];
          const more = closes === name ? paused : "";
          return declared === undefined
            ? { [`apps/${name}.yaml`]: undefined }
            : app(name, declared, { more });
        });
        for (const name of names) {
          const isClosed = closes === "fleet" || (closes === name && versions[name] !== undefined);
          if (!isClosed || thaws === "fleet" || thaws === `app/${name}`)
            runs.set(name, versions[name]);
        }
        const message = thaws === undefined ? "Work" : `Work\n\nSlipway-Allow: thaw ${thaws}`;
        const allow = "\nSlipway-Allow: delete app/db\nSlipway-Allow: delete app/shop";
        const outcome = await site.commit(
          Object.assign(fleet(closes === "fleet" ? paused : ""), ...files) as Files,
          `${message === "Work" ? "Work\n" : message}${allow}`,
        );
        const wanted = names.flatMap((name) => {
          const one = runs.get(name);
          return one === undefined ? [] : `m1 ${name} ${one}`;
        });
        assert.deepEqual(site.running(), wanted);
        const isAsDeclared = names.every((name) => runs.get(name) === versions[name]);
        assert.equal(outcome.outcome, isAsDeclared ? "applied" : "held", outcome.text);
        const things = site.things();
        assert.equal((await site.passOfAnother()).outcome, outcome.outcome);
        assert.equal(site.things(), things);
      }
    }),
    { numRuns: 20 },
  );
});
