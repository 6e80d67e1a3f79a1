import assert from "node:assert/strict";
import { test } from "node:test";
import { newestReadable } from "../../src/cli/look.ts";
import { createParseCache } from "../../src/load/load.ts";
import type { World } from "../../src/pass/world.ts";
import { Opener } from "../../src/secrets/opener.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { repo, type Files } from "../load/repos.ts";
import { snapshotOf } from "../support/repo.ts";
import { sealing, type Sealing } from "../support/sealed.ts";

const old: Files = { "apps/hello.yaml": "image: hello:1\n" };
const broken: Files = { "apps/shop.yaml": "imagee: shop:1\n" };

const shop = async (key: Sealing): Promise<Files> => ({
  "apps/shop.yaml": "image: shop:1\nsecrets: [PASSWORD]\n",
  "secrets/shop.yaml": await key.file({ PASSWORD: "x" }),
});

/** A branch with these commits, the newest first, and a controller with this key. */
function worldOf(commits: readonly Files[], identity?: string): World {
  const at = (revision = "0"): Files => commits[Number(revision)] ?? {};
  const source = {
    snapshot: async (revision?: string) =>
      await Promise.resolve(snapshotOf(repo(at(revision)), { revision: revision ?? "0" })),
    commit: async (revision: string) => await Promise.resolve({ revision, message: "Change" }),
    recent: async () =>
      await Promise.resolve(commits.map((_, index) => ({ revision: String(index) }))),
  };
  const secrets = new Opener(async () => {
    if (identity === undefined) return undefined;
    const parsed = await parseIdentities(identity);
    assert.ok("identities" in parsed);
    return parsed.identities;
  });
  return {
    source,
    secrets,
    parseCache: createParseCache(),
    listener: () => undefined,
  } as unknown as World;
}

const seen = async (commits: readonly Files[], identity?: string) => {
  const { head, revision, world } = await newestReadable(worldOf(commits, identity));
  return {
    head: head.findings.map(({ code }) => code),
    apps: [...(revision?.documents?.apps.keys() ?? [])],
    isClosed: world.secrets === "closed",
  };
};

test("whoever has the key sees the head with its secrets", async () => {
  const key = await sealing();
  const found = await seen([await shop(key), old], key.identity);
  assert.deepEqual(found, { head: [], apps: ["shop"], isClosed: false });
});

test("whoever has none sees the head all the same, not what was before there were secrets", async () => {
  const commits = [await shop(await sealing()), old];
  const apps = { apps: ["shop"], isClosed: true };
  assert.deepEqual(await seen(commits), { head: ["secret-without-key"], ...apps });
  const { identity } = await sealing();
  assert.deepEqual(await seen(commits, identity), { head: ["secret-not-for-us"], ...apps });
});

test("behind a head with mistakes the newest that has none is seen, also without a key", async () => {
  const key = await sealing();
  const commits = [broken, broken, await shop(key), old];
  const found = { head: ["unknown-key"], apps: ["shop"] };
  assert.deepEqual(await seen(commits, key.identity), { ...found, isClosed: false });
  assert.deepEqual(await seen(commits), { ...found, isClosed: true });
});

test("where none can be read there is none", async () => {
  const { apps } = await seen([broken]);
  assert.deepEqual(apps, []);
});
