import assert from "node:assert/strict";
import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { RevisionOutcome } from "../../src/model/outcome.ts";
import type { Trace } from "../../src/model/trace.ts";
import { askTraces, type TraceQuestion } from "../../src/observe/traces.ts";
import type { Fleet, Session } from "../../src/remote/session.ts";
import { stubEngine, type EngineStub } from "../support/engine-stub.ts";
import { fleetFor } from "../support/remote.ts";
import { startSshd, type Sshd } from "../support/sshd.ts";

let sshd: Sshd;
let fleet: Fleet;
let session: Session;
let stub: EngineStub;
let path: string;
before(async () => {
  sshd = await startSshd({ folders: ["/var/lib"] });
  stub = await stubEngine(join(sshd.dir, "engine.sock"));
  fleet = fleetFor(sshd);
  session = await fleet.session(sshd.target());
  path = join(sshd.dir, "a folder", "motd");
  await mkdir(join(sshd.dir, "a folder"));
  await writeFile(path, "by hand\n");
});
after(async () => {
  await fleet.close();
  stub.close();
  await sshd.stop();
});

const outcome = (startedMs: number, more: Partial<RevisionOutcome> = {}): string =>
  JSON.stringify({
    version: 1,
    fleet: "acme",
    revision: "abc",
    subject: "",
    outcome: "applied",
    text: "",
    changes: 1,
    apps: [],
    held: [],
    troubles: [],
    startedAt: new Date(startedMs).toISOString(),
    durationMs: 1000,
    cause: "commit",
    ...more,
  } satisfies RevisionOutcome);

const remember = (...lines: readonly string[]): Promise<void> =>
  session.put({
    path: "/var/lib/slipway/acme/history.jsonl",
    content: Buffer.from(lines.map((line) => `${line}\n`).join("")),
    mode: "0600",
  });
const ask = async (traces: readonly Trace[], more: Partial<TraceQuestion> = {}) => {
  const question = { fleet: "acme", revision: "abc", traces, aheadMs: 0, nowMs: 1_800_000_000_000 };
  return (await askTraces(session, { ...question, ...more }))(traces);
};
const changedMs = async (): Promise<number> => Math.floor((await stat(path)).ctimeMs / 1000) * 1000;

test("a file that was changed since the revision was first told of says when", async () => {
  const file: Trace = { of: "file", path };
  assert.equal(await ask([file]), undefined, "it remembers nothing");
  const at = await changedMs();
  const other = outcome(at - 100_000, { revision: "other" });
  const later = outcome(at + 100_000, { cause: "drift", outcome: "incomplete" });
  await remember("damaged", other, outcome(at - 60_000), later);
  const found = await ask([{ of: "file", path: "/no/such/file" }, file]);
  assert.equal(found?.what, `${path} changed`);
  assert.equal(found.at, new Date(at).toISOString());
  await chmod(path, 0o600);
  assert.equal((await ask([file]))?.at, new Date(await changedMs()).toISOString());
  // Its clock is an hour ahead: what is there was written before.
  assert.equal(await ask([file], { aheadMs: 3_600_000 }), undefined);
  assert.equal(await ask([file], { revision: "other-one" }), undefined);
  await remember(outcome(at + 60_000));
  assert.equal(await ask([file]), undefined, "we wrote it");
  await remember(outcome(at - 60_000), outcome(at + 60_000, { cause: "drift" }));
  assert.equal(await ask([file]), undefined, "we healed it");
});

test("the engine says what somebody made of a container", async () => {
  await remember(outcome(1_700_000_000_000));
  const event = (Action: string, time: number, name = "acme-shop-1-3f2a91c0"): string =>
    JSON.stringify({ Type: "container", Action, time, Actor: { Attributes: { name } } });
  const said = [
    event("kill", 1_700_000_100),
    event("die", 1_700_000_101),
    event("destroy", 1_700_000_102),
    event("stop", 1_700_000_200, "another"),
    "{",
  ];
  stub.answer = (_, response) => response.end(`${said.join("\n")}\n`);
  const container: Trace = { of: "container", name: "acme-shop-1-3f2a91c0" };
  const found = await ask([container]);
  assert.equal(found?.what, "acme-shop-1-3f2a91c0 was removed");
  assert.equal(found.at, "2023-11-14T22:15:02.000Z");
  const asked = new URL(stub.seen.at(-1)?.replace("GET ", "http://engine") ?? "");
  assert.equal(asked.searchParams.get("since"), "1700000001.000");
  assert.equal(asked.searchParams.get("until"), "1800000000.000");
  stub.answer = (_, response) => response.end("");
  assert.equal(await ask([container]), undefined, "it ended by itself");
  stub.answer = (_, response) => response.writeHead(500).end();
  assert.equal(await ask([container]), undefined);
});
