import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alphabets, generate, isAlphabet } from "../../../src/secrets/generate.ts";
import { keyedSite } from "./site.ts";

describe("slipway secrets generate", () => {
  for (const name of Object.keys(alphabets).filter(isAlphabet))
    it(`makes ${name} of all its characters, none much more often`, () => {
      const text = generate(20_000, name);
      const counts = Map.groupBy(text, (one) => one);
      const mean = 20_000 / alphabets[name].length;
      assert.deepEqual([...counts.keys()].toSorted(), [...alphabets[name]].toSorted());
      // Six standard deviations: by chance less than once in a million runs.
      for (const [one, { length }] of counts)
        assert(Math.abs(length - mean) < 6 * Math.sqrt(mean), `${one}: ${length} of ${mean}`);
    });

  it("writes one that nobody sees, and replaces none unasked", async (t) => {
    const site = await keyedSite(t);
    const made = await site.slipway(["generate", "shop.KEY"]);
    assert.equal(
      made.out,
      "added shop.KEY in secrets/shop.yaml, encrypted to 1 recipient; 32 of alnum\n",
    );
    const { out: first } = await site.slipway(["get", "shop.KEY"]);
    assert.match(first, /^[A-Za-z0-9]{32}$/);
    const again = await site.slipway(["generate", "shop.KEY"]);
    assert.match(
      again.err,
      /shop.KEY is there already in secrets\/shop.yaml\n {2}Nothing was written/,
    );
    assert.equal((await site.slipway(["get", "shop.KEY"])).out, first);
    const forced = await site.slipway([
      "generate",
      "shop.KEY",
      "--force",
      "--length",
      "8",
      "--alphabet",
      "hex",
    ]);
    assert.match(forced.out, /^replaced shop.KEY/);
    assert.match((await site.slipway(["get", "shop.KEY"])).out, /^[0-9a-f]{8}$/);
    await site.slipway(["generate", "cookie.age", "--alphabet", "base64url"]);
    assert.match((await site.slipway(["get", "cookie"])).out, /^[\w-]{32}$/);
  });

  const wrong: readonly (readonly [flags: readonly string[], said: RegExp])[] = [
    [["--alphabet", "klingon"], /--alphabet is 'klingon'\n {2}There are: alnum, hex/],
    [["--length", "0"], /--length is '0': it is a number from 1 to 10000/],
    [["--length", "many"], /--length is 'many'/],
  ];
  for (const [flags, said] of wrong)
    it(`refuses ${flags.join(" ")}`, async (t) => {
      const site = await keyedSite(t);
      assert.match((await site.slipway(["generate", "shop.KEY", ...flags])).err, said);
    });
});
