import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";
import { bindToken, maxBindingBytes, standingOf } from "../../src/forges/binding.ts";
import { jsonFile } from "../../src/lib/json-file.ts";

suite("the host that a token belongs to", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-binding-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
  const path = (): string => join(folder, "forge.json");
  const file = () => jsonFile(path(), maxBindingBytes);
  const use = async (token: string, api: string, isAllowed = false): Promise<boolean> =>
    (await bindToken(file(), token, api, isAllowed)).refusal === undefined;

  const good = "https://git.example.com/api/v3";
  const evil = "https://evil.example.com/api/v3";

  const cases: readonly (readonly [
    name: string,
    uses: readonly (readonly [token: string, api: string, isAllowed: boolean, isSent: boolean])[],
  ])[] = [
    [
      "is the first it was used with",
      [
        ["t", good, false, true],
        ["t", good, false, true],
      ],
    ],
    [
      "is no other that the repo names later",
      [
        ["t", good, false, true],
        ["t", evil, false, false],
      ],
    ],
    [
      "stays the first after a refusal",
      [
        ["t", good, false, true],
        ["t", evil, false, false],
        ["t", good, false, true],
      ],
    ],
    [
      "is a matter of host and port, not of the path",
      [
        ["t", good, false, true],
        ["t", "https://git.example.com/api/v4", false, true],
        ["t", "https://git.example.com:8443/api/v3", false, false],
        ["t", "http://git.example.com/api/v3", false, false],
      ],
    ],
    [
      "is another where the operator says so",
      [
        ["t", good, false, true],
        ["t", evil, true, true],
        ["t", evil, false, true],
        ["t", good, false, false],
      ],
    ],
    [
      "is each token's own",
      [
        ["t", good, false, true],
        ["u", evil, false, true],
        ["t", evil, false, false],
      ],
    ],
  ];
  for (const [name, uses] of cases) {
    test(name, async () => {
      for (const [token, api, isAllowed, isSent] of uses)
        assert.equal(await use(token, api, isAllowed), isSent, `${token} to ${api}`);
    });
  }

  test("is said to who looks, with the token or without, and binds nothing", async () => {
    assert.deepEqual(await standingOf(file(), "t", evil), {});
    await use("t", good);
    assert.deepEqual(await standingOf(file(), undefined, evil), {});
    assert.match((await standingOf(file(), "t", evil)).refusal ?? "", /now at https:\/\/evil/);
    await use("t", evil);
    assert.match(
      (await standingOf(file(), undefined, evil)).refusal ?? "",
      /belongs to another host: nothing is sent there; SLIPWAY_FORGE_API=URL allows it/,
    );
    assert.deepEqual(await standingOf(file(), undefined, good), {});
    assert.deepEqual(await standingOf(file(), "t", good), {});
    await use("t", good);
    assert.deepEqual(await standingOf(file(), undefined, evil), {}, "forgotten when all is well");
  });

  test("is kept without the token, which cannot be guessed from it either", async () => {
    await use("ghp_s3cret", good);
    const text = await readFile(path(), "utf8");
    assert.ok(!text.includes("ghp_s3cret"));
    await rm(path());
    await use("ghp_s3cret", good);
    const fingerprint = (stored: string): string =>
      Object.keys((JSON.parse(stored) as { bound: object }).bound).join();
    assert.notEqual(fingerprint(await readFile(path(), "utf8")), fingerprint(text));
  });

  test("of many tokens the newest are remembered", async () => {
    for (let i = 0; i < 30; i++) await use(`t${i}`, good);
    assert.equal(await use("t29", evil), false);
    assert.equal(await use("t0", evil), true);
  });

  test("of a damaged file is as of none, and said", async () => {
    await use("t", good);
    await writeFile(path(), "{");
    assert.match(
      (await bindToken(file(), "t", evil, false)).warning ?? "",
      /forge\.json is damaged/,
    );
  });
});
