import assert from "node:assert/strict";
import { before, test } from "node:test";
import { planPull } from "../../../src/cli/pulls/plan-pull.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { createParseCache } from "../../../src/load/load.ts";
import type { World } from "../../../src/pass/world.ts";
import { Opener } from "../../../src/secrets/opener.ts";
import { parseIdentities } from "../../../src/secrets/parse-identities.ts";
import { SourceError, type Source } from "../../../src/source/source.ts";
import { snapshotOf } from "../../support/repo.ts";
import { sealing, type Sealing } from "../../support/sealed.ts";
import { documentsOf, type Files } from "../../support/sim-fleet.ts";

const [main, head] = ["1".repeat(40), "2".repeat(40)];
const onBranch: Files = { "slipway.yaml": "fleet: acme\n" };
let key: Sealing;

before(async () => {
  key = await sealing();
});

/** Plans a commit with these files, on a branch without machines; with the fleets whose key was asked for. */
async function planned(files: Files) {
  const asked: string[] = [];
  const opener = new Opener(async (fleet) => {
    asked.push(fleet);
    const parsed = await parseIdentities(key.identity);
    assert.ok("identities" in parsed);
    return parsed.identities;
  });
  const source: Partial<Source> = {
    snapshot: (revision = main) =>
      Promise.resolve(snapshotOf(revision === head ? files : onBranch, { revision })),
    commit: (revision) =>
      Promise.resolve({
        revision,
        parents: [],
        message: "",
        author: "Ada",
        committedMs: 0,
      }),
    between: (_from, to) =>
      Promise.resolve([
        {
          revision: to,
          parents: [main],
          message: "",
          author: "Ada",
          committedMs: 0,
        },
      ]),
    descends: () => Promise.resolve(true),
    recent: () => Promise.resolve([]),
    readNote: () => Promise.resolve(undefined),
    resolve: () => Promise.reject(new SourceError("missing", "no such ref")),
  };
  const world: World = {
    source: source as Source,
    remote: {} as World["remote"],
    clock: systemClock,
    listener: () => undefined,
    parseCache: createParseCache(),
    secrets: opener,
    allowRewind: false,
    reporter: {} as World["reporter"],
  };
  const branch = {
    name: "main",
    head: main,
    documents: await documentsOf(onBranch, main),
    standing: new Set<string>(),
  };
  return {
    result: await planPull(world, branch, { head }, 60_000),
    opener,
    asked,
  };
}

const login = (fleet: string): string =>
  `fleet: ${fleet}\nregistries: { ghcr.io: { user: bot, password: registries.TOKEN } }\n`;

test("a commit that renames the fleet has nothing opened with the other one's key", async () => {
  const { result, asked } = await planned({
    "slipway.yaml": login("other"),
    "secrets/registries.yaml": await key.file({ TOKEN: "a-token-of-others" }),
  });
  assert.match(result.text, /^renames the fleet acme to other/);
  assert.deepEqual(asked, []);
});

test("what a commit that is not merged has opened decides nothing of what else is told", async () => {
  const { result, opener, asked } = await planned({
    "slipway.yaml": login("acme"),
    "secrets/registries.yaml": await key.file({ TOKEN: "changes" }),
  });
  assert.deepEqual([result.state, asked], ["success", ["acme"]]);
  assert.equal(result.text, "no [secret registries.TOKEN]");
  assert.equal(opener.redact("2 changes"), "2 changes");
});
