import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { systemClock } from "../../src/lib/clock.ts";
import type { About, AnyKind } from "../../src/kinds/kind.ts";
import { emptyInventory } from "../../src/model/inventory.ts";
import { Unreadable } from "../../src/model/live.ts";
import { liveOf } from "../../src/model/observation.ts";
import type { Answers, EngineQuery, Query, ReadQuery } from "../../src/model/query.ts";
import { observeFleet } from "../../src/observe/fleet.ts";
import { observeMachine } from "../../src/observe/observe.ts";
import type { Fleet, Session } from "../../src/remote/session.ts";
import { stubEngine, type EngineStub } from "../support/engine-stub.ts";
import { fleetFor } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

let sshd: Sshd;
let fleet: Fleet;
let session: Session;
let stub: EngineStub;
before(async () => {
  sshd = await startSshd({ folders: ["/var/lib"] });
  stub = await stubEngine(join(sshd.dir, "engine.sock"));
  fleet = fleetFor(sshd);
  session = await fleet.session(sshd.target());
});
after(async () => {
  await fleet.close();
  stub.close();
  await sshd.stop();
});
beforeEach(() => {
  stub.answer = (request, response) =>
    response.end(request.url?.endsWith("/info") ? '{"ServerVersion":"20.10.24"}' : '[{"Id":"a"}]');
});

const about: About = { fleet: "acme", root: "/var/lib/slipway/acme" };
const hosts: ReadQuery = { ask: "read", path: "/etc/hostname", maxBytes: 1000 };
const containers: EngineQuery = { ask: "engine", path: "/containers/json" };

/** A kind of which only the asking and reading matters here. */
const kind = (
  id: AnyKind["id"],
  query: Query,
  read: (answers: Answers) => ReadonlyMap<string, unknown>,
): AnyKind => ({
  id,
  summary: "",
  declaredIn: [],
  name: () => "",
  key: () => "",
  observe: () => [query],
  read,
  owner: () => undefined,
  diff: () => undefined,
  apply: () => [],
  redact: (state) => state,
});
const file = kind("machine/file", hosts, (answers) => new Map([["name", answers.text(hosts)]]));
const engine = kind(
  "app/thing",
  containers,
  (answers) => new Map([["a", answers.json(containers)]]),
);
const picky = kind("app/picky", hosts, () => {
  throw new Unreadable("not what was asked for");
});

const put = (name: string, text: string): Promise<void> =>
  session.put({ path: `${about.root}/${name}`, content: Buffer.from(text), mode: "0600" });
const look = (kinds: readonly AnyKind[] = [], options: { engineMs?: number } = {}) =>
  observeMachine(session, kinds, about, options);

test("a machine that was never taken: facts, no inventory, no key, what kinds see", async () => {
  const found = await look([file, engine]);
  assert.equal(found.facts?.engineVersion, "20.10.24");
  assert.equal(found.facts?.key, undefined);
  assert.deepEqual(found.inventory, { state: "absent" });
  assert.deepEqual(liveOf(found, "app/thing", "a"), { state: "present", value: [{ Id: "a" }] });
  assert.deepEqual(liveOf(found, "app/thing", "b"), { state: "absent" });
  assert.equal(liveOf(found, "machine/file", "name").state, "present");
  assert.deepEqual(found.troubles, []);
});

test("inventory and key are read; damage of any sort is unknown, and told", async () => {
  await put("key", "c0ffee\n");
  await put("inventory.json", JSON.stringify(emptyInventory("acme", "web-1")));
  const found = await look();
  assert.deepEqual(found.inventory, { state: "present", value: emptyInventory("acme", "web-1") });
  assert.equal(found.facts?.key, "c0ffee");
  for (const [text, why] of [
    ["", /inventory.json is damaged/],
    ['{"version":1,', /inventory.json is damaged/],
    ['{"version":1}', /inventory.json is damaged/],
    ['{"version":2}', /of version 2, written by a newer Slipway/],
    [JSON.stringify(emptyInventory("other", "web-1")), /is of fleet 'other'/],
  ] as const) {
    await put("inventory.json", text);
    const damaged = await look();
    assert.ok(damaged.inventory.state === "unknown");
    assert.match(damaged.inventory.why, why);
    assert.deepEqual(
      damaged.troubles.map((trouble) => trouble.class),
      ["access"],
    );
    assert.match(damaged.troubles[0]?.text ?? "", /the inventory cannot be read: /);
  }
  await session.exec({ argv: ["rm", "-r", about.root], timeoutMs: 60_000 });
});

test("an engine that hangs leaves unknown only what it would have told, and is told once", async () => {
  stub.answer = () => undefined;
  const found = await look([file, engine], { engineMs: 300 });
  assert.equal(found.facts?.engineVersion, undefined);
  assert.ok(found.facts);
  assert.equal(liveOf(found, "machine/file", "name").state, "present");
  assert.equal(liveOf(found, "app/thing", "a").state, "unknown");
  assert.deepEqual(
    found.troubles.map((trouble) => trouble.class),
    ["engine"],
  );
});

test("a kind that cannot read its answers is unknown alone", async () => {
  const found = await look([picky, file]);
  assert.deepEqual(liveOf(found, "app/picky", "x"), {
    state: "unknown",
    why: "not what was asked for",
  });
  assert.equal(liveOf(found, "machine/file", "name").state, "present");
  assert.deepEqual(
    found.troubles.map((trouble) => trouble.text),
    ["app/picky cannot be read: not what was asked for"],
  );
});

test("a mistake in a kind is not taken for trouble of the machine", async () => {
  const broken = kind("app/broken", hosts, () => {
    throw new TypeError("a bug");
  });
  await assert.rejects(look([broken]), TypeError);
});

test("of a fleet each machine is an observation, also the ones that are not reached", async () => {
  const targets = new Map([
    ["up", sshd.target({ machine: "up" })],
    ["down", sshd.target({ machine: "down", port: 1 })],
  ]);
  const found = await observeFleet(
    { remote: fleet, clock: systemClock },
    targets,
    [engine],
    "acme",
  );
  assert.deepEqual([...found.keys()], ["up", "down"]);
  assert.deepEqual(found.get("up")?.troubles, []);
  const down = found.get("down");
  assert.equal(down?.facts, undefined);
  assert.equal(down?.inventory.state, "unknown");
  assert.equal(liveOf(down, "app/thing", "a").state, "unknown");
  assert.deepEqual(
    down?.troubles.map(({ machine, class: cls }) => [machine, cls]),
    [["down", "unreachable"]],
  );
});
