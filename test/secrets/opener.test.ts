import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { SealedValue } from "../../src/model/sealed.ts";
import { Secret } from "../../src/model/secret.ts";
import { Opener } from "../../src/secrets/opener.ts";
import { parseIdentities } from "../../src/secrets/parse-identities.ts";
import { sealing, type Sealing } from "../support/sealed.ts";

const where = { file: "secrets/shop.yaml", line: 1, col: 1 };
const noBlobs = () => Promise.reject(new Error("no blob may be read"));

describe("an opener", () => {
  let key: Sealing;
  let other: Sealing;
  before(async () => {
    [key, other] = await Promise.all([sealing(), sealing()]);
  });

  /** Each fleet with its own key; others have none. */
  const openerOf = (keys: Readonly<Record<string, Sealing>>): Opener =>
    new Opener(async (fleet) => {
      const identity = keys[fleet]?.identity;
      if (identity === undefined) return undefined;
      const parsed = await parseIdentities(identity);
      assert.ok("identities" in parsed);
      return parsed.identities;
    });
  const sealed = async (id: string, text: string, by = key): Promise<SealedValue> => ({
    name: `shop.${id}`,
    id,
    where,
    source: { form: "armor", text: await by.value(text) },
  });

  it("opens what is of a fleet, whichever was asked for meanwhile", async () => {
    const opener = openerOf({ acme: key, other });
    assert.ok(await opener.prepare("acme"));
    const [mine, others] = [await sealed("A", "mine"), await sealed("B", "others", other)];
    assert.equal(await opener.prepare("nobody"), false);
    assert.ok(await opener.prepare("other"));
    assert.ok((await opener.open("acme", mine, noBlobs)) instanceof Secret);
    assert.ok(!((await opener.open("acme", others, noBlobs)) instanceof Secret));
    assert.ok((await opener.open("other", others, noBlobs)) instanceof Secret);
  });

  it("takes out what it knew before it had one apart, and nothing that only that one opened", async () => {
    const opener = openerOf({ acme: key });
    await opener.prepare("acme");
    await opener.open("acme", await sealed("A", "known-to-both"), noBlobs);
    const apart = opener.apart();
    await apart.open("acme", await sealed("B", "everything"), noBlobs);
    apart.spare(["known-to-both"]);
    assert.equal(apart.redact("known-to-both: everything"), "known-to-both: [secret shop.B]");
    assert.equal(opener.redact("known-to-both: everything"), "[secret shop.A]: everything");
  });

  it("knows a value that is in many blobs, and those that came before it", async () => {
    const opener = openerOf({ acme: key });
    await opener.prepare("acme");
    const values = ["the-first-value", "another-value", "the-first-value", "a-third-value"];
    for (const [i, text] of values.entries())
      await opener.open("acme", { ...(await sealed("A", text)), id: `blob${i}#A` }, noBlobs);
    assert.equal(opener.redact(values.join(" ")), Array(4).fill("[secret shop.A]").join(" "));
  });

  it("looks for the beginning of a large file", async () => {
    const opener = openerOf({ acme: key });
    await opener.prepare("acme");
    const text = Array.from({ length: 20_000 }, (_, i) => `line ${i} of it\n`).join("");
    const opened = await opener.open("acme", await sealed("A", text), noBlobs);
    assert.ok(opened instanceof Secret);
    assert.equal(opened.revealText(), text);
    assert.equal(opener.redact(text.slice(0, 3_000)).slice(0, 15), "[secret shop.A]");
  });
});
